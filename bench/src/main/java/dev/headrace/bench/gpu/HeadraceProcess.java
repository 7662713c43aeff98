package dev.headrace.bench.gpu;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The command {@code headrace} in a process of its own, with this process's class path. */
final class HeadraceProcess {
  /** As the command line has it; the class path has it wherever this is run by a user. */
  private static final String MAIN = "dev.headrace.cli.Main";

  private HeadraceProcess() {}

  /** With this JVM's options, but for the heap. */
  static ProcessBuilder of(String heap, List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(option -> !option.startsWith("-Xmx") && !option.startsWith("-agentlib"))
        .forEach(command::add);
    command.addAll(List.of("-Xmx" + heap, "-cp", System.getProperty("java.class.path"), MAIN));
    command.addAll(arguments);
    return new ProcessBuilder(command);
  }
}
