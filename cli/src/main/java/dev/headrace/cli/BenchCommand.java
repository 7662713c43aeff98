package dev.headrace.cli;

import dev.headrace.bench.BenchResult;
import dev.headrace.bench.pipeline.PipelineBench;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code headrace bench NAME}. */
@Command(
    name = "bench",
    description = "Measure Headrace beside what a user would pick instead, in one run.",
    subcommands = {BenchCommand.Pipeline.class, BenchGpuCommand.class},
    mixinStandardHelpOptions = true)
final class BenchCommand implements Runnable {
  @picocli.CommandLine.Spec picocli.CommandLine.Model.CommandSpec spec;

  @Override
  public void run() {
    throw new picocli.CommandLine.ParameterException(
        spec.commandLine(), "benchmark: missing (expected: pipeline or gpu)");
  }

  /** The pipeline with an engine that does nothing. */
  @Command(
      name = "pipeline",
      description =
          "The whole pipeline, with an engine that does nothing, beside a hand-written one.",
      mixinStandardHelpOptions = true)
  static final class Pipeline implements Callable<Integer> {
    @Option(names = "--json", description = "Print one JSON object as the last line.")
    boolean json;

    @Option(names = "--rounds", defaultValue = "5", description = "Default: ${DEFAULT-VALUE}.")
    int rounds;

    @Option(
        names = "--requests",
        defaultValue = "20000",
        description = "Per round and side. Default: ${DEFAULT-VALUE}.")
    int requests;

    @Option(
        names = "--set",
        paramLabel = "KEY=VALUE",
        description = "A setting of Headrace; may be given several times.")
    Map<String, String> settings = new TreeMap<>();

    @Override
    public Integer call() throws Exception {
      BenchResult result = new PipelineBench(rounds, requests, settings, System.err).run();
      System.out.println(json ? result.toJson() : table(result));
      return 0;
    }

    private static String table(BenchResult result) {
      StringBuilder text = new StringBuilder();
      new TreeMap<>(result.figures())
          .forEach(
              (key, value) ->
                  text.append(String.format(Locale.ROOT, "%-28s %12.3f%n", key, value)));
      return text.toString();
    }
  }
}
