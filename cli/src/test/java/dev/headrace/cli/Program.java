package dev.headrace.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** The distribution's program as a process, with a folder of its own for temporary files. */
final class Program {
  private static final Path SCRIPT = Path.of("target/dist/bin/headrace").toAbsolutePath();

  private final Path temporary;

  Program(Path temporary) {
    this.temporary = temporary;
  }

  /** What a process printed and how it ended. */
  record Ended(int code, List<String> out, String err) {
    String lastLine() {
      return out.isEmpty() ? "" : out.get(out.size() - 1);
    }
  }

  /** A process that runs; its output goes to files. */
  record Started(Process process, Path out, Path err) {
    Ended await(int seconds) throws InterruptedException, IOException {
      if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
        throw new IllegalStateException("still running after " + seconds + " s: " + errors());
      }
      return new Ended(process.exitValue(), Files.readAllLines(out), errors());
    }

    String errors() {
      try {
        return Files.readString(err);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  Started start(String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of("sh", SCRIPT.toString()));
    command.addAll(List.of(arguments));
    Path logs = Files.createDirectories(Path.of("target/program-logs"));
    Path out = Files.createTempFile(logs, arguments[0], ".out");
    Path err = Files.createTempFile(logs, arguments[0], ".err");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
    // Without C2: they live for seconds.
    String options =
        "-Xmx1g -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djava.io.tmpdir=" + temporary;
    builder.environment().put("HEADRACE_JAVA_OPTS", options);
    // The script execs java, so signals to the process reach the JVM.
    return new Started(builder.start(), out, err);
  }

  Ended run(int seconds, String... arguments) throws IOException, InterruptedException {
    return start(arguments).await(seconds);
  }

  /** What lies in the folder for temporary files, JVM's own performance data left out. */
  List<String> leftovers() throws IOException {
    try (Stream<Path> files = Files.list(temporary)) {
      return files
          .map(p -> p.getFileName().toString())
          .filter(name -> !name.startsWith("hsperfdata"))
          .toList();
    }
  }
}
