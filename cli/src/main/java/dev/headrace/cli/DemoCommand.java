package dev.headrace.cli;

import dev.headrace.cli.demo.Demo;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code headrace demo}: all in one JVM, on real text. */
@Command(
    name = "demo",
    description = "Run real passages through Kafka, router, two device types and Redis in one JVM.",
    mixinStandardHelpOptions = true)
final class DemoCommand implements Callable<Integer> {
  @Spec CommandSpec spec;

  @Option(names = "--requests", defaultValue = "3000", description = "Default: ${DEFAULT-VALUE}.")
  int requests;

  @Option(
      names = "--rate",
      defaultValue = "100",
      description = "Arrivals per second; 0 for as fast as possible. Default: ${DEFAULT-VALUE}.")
  double rate;

  @Option(names = "--json", description = "Print one JSON object as the last line.")
  boolean json;

  @Override
  public Integer call() throws Exception {
    if (requests < 1 || requests > 1_000_000) {
      throw wrong("--requests: " + requests + " (expected: 1..1000000)");
    }
    if (!(rate >= 0) || rate > 100_000) {
      throw wrong("--rate: " + rate + " (expected: 0..100000)");
    }
    return new Demo(requests, rate, json).run() ? 0 : Main.FAILED;
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
