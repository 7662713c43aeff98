package dev.headrace.cli;

import dev.headrace.bench.BenchResult;
import dev.headrace.bench.model.PassageBatches;
import dev.headrace.bench.pipeline.EfficiencyBench;
import dev.headrace.bench.pipeline.PipelineBench;
import dev.headrace.bench.pipeline.Variant;
import dev.headrace.bench.routing.RoutingBench;
import dev.headrace.cli.demo.Passages;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code headrace bench NAME}. */
@Command(
    name = "bench",
    description = "Measure Headrace beside what a user would pick instead, in one run.",
    subcommands = {
      BenchCommand.Pipeline.class,
      BenchModelCommand.class,
      BenchGenerateCommand.class,
      BenchGpuCommand.class,
      BenchCommand.Routing.class
    },
    mixinStandardHelpOptions = true)
final class BenchCommand implements Runnable {
  @picocli.CommandLine.Spec picocli.CommandLine.Model.CommandSpec spec;

  @Override
  public void run() {
    throw new picocli.CommandLine.ParameterException(
        spec.commandLine(),
        "benchmark: missing (expected: pipeline, model, generate, gpu or routing)");
  }

  /** The pipeline with an engine that does nothing. */
  @Command(
      name = "pipeline",
      description =
          "The whole pipeline, with an engine that does nothing, beside a hand-written one;"
              + " or, with --model, beside the bare engine.",
      mixinStandardHelpOptions = true)
  static final class Pipeline implements Callable<Integer> {
    @Option(names = "--json", description = "Print one JSON object as the last line.")
    boolean json;

    @Option(names = "--rounds", defaultValue = "5", description = "Default: ${DEFAULT-VALUE}.")
    int rounds;

    @Option(
        names = "--requests",
        description = "Per round and side. Default: 60000; with --model 1000, at most 6000.")
    @Nullable Integer requests;

    @Option(
        names = "--model",
        paramLabel = "NAME",
        description = "An encoder; real passages are run on the CPU.")
    @Nullable String model;

    @Option(
        names = "--set",
        paramLabel = "KEY=VALUE",
        description = "A setting of Headrace; may be given several times.")
    Map<String, String> settings = new TreeMap<>();

    @Option(
        names = "--variant",
        paramLabel = "KEY=VALUE",
        description =
            "Also run Headrace with this setting, on servers of its own, beside Headrace without;"
                + " may be given several times. Not with --model.")
    Map<String, String> variant = new TreeMap<>();

    @Option(
        names = "--against",
        paramLabel = "FOLDER",
        description =
            "Also run the Headrace of this other distribution (a build's cli/target/dist), on"
                + " servers of its own. Not with --model.")
    @Nullable Path against;

    @Override
    public Integer call() throws Exception {
      BenchResult result =
          model == null
              ? pipeline()
              : new EfficiencyBench(
                      model,
                      rounds,
                      PassageBatches.sample(Passages.all(), orElse(1000)),
                      settings,
                      System.err)
                  .run();
      print(result, json);
      return 0;
    }

    private BenchResult pipeline() throws Exception {
      Variant other = new Variant(variant, against);
      return new PipelineBench(rounds, orElse(60_000), settings, other, System.err).run();
    }

    private int orElse(int usual) {
      return requests == null ? usual : requests;
    }
  }

  /** The policy and the buffer alone. */
  @Command(
      name = "routing",
      description = "Decisions a second of the buffer and the policy, on one thread.",
      mixinStandardHelpOptions = true)
  static final class Routing implements Callable<Integer> {
    /** Of the fifth issue: with all that routing does, this part of a pipeline without it. */
    private static final double PIPELINE_GOAL = 0.6;

    @Option(names = "--json", description = "Print one JSON object as the last line.")
    boolean json;

    @Option(names = "--rounds", defaultValue = "5", description = "Default: ${DEFAULT-VALUE}.")
    int rounds;

    @Option(
        names = "--pipeline-requests",
        paramLabel = "N",
        defaultValue = "0",
        description =
            "Also run the pipeline beside a hand-written one, this many a round, for"
                + " throughput_ratio; 0 for not.")
    int pipelineRequests;

    @Override
    public Integer call() throws Exception {
      BenchResult result = new RoutingBench(rounds, System.err).run();
      if (pipelineRequests > 0) {
        BenchResult pipeline =
            new PipelineBench(rounds, pipelineRequests, Map.of(), Variant.NONE, System.err).run();
        result =
            result.with(
                "throughput_ratio",
                Objects.requireNonNull(pipeline.figures().get("throughput_ratio")),
                PIPELINE_GOAL);
      }
      print(result, json);
      return 0;
    }
  }

  /** The result as the last of standard output: one line of JSON, or a table. */
  static void print(BenchResult result, boolean json) {
    System.out.println(json ? result.toJson() : table(result));
  }

  private static String table(BenchResult result) {
    StringBuilder text = new StringBuilder();
    new TreeMap<>(result.figures())
        .forEach(
            (key, value) -> text.append(String.format(Locale.ROOT, "%-28s %12.3f%n", key, value)));
    return text.toString();
  }
}
