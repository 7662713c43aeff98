package dev.headrace.cli;

import dev.headrace.bench.BenchResult;
import dev.headrace.bench.gpu.GpuBench;
import dev.headrace.cli.demo.Passages;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code headrace bench gpu}. */
@Command(
    name = "gpu",
    description = "Encoders, decoders and fleets on this machine's GPUs, beside PyTorch.",
    mixinStandardHelpOptions = true)
final class BenchGpuCommand implements Callable<Integer> {
  @Option(
      names = "--json",
      description =
          "Print one JSON object as the last line, and before it one of what there is as parts end.")
  boolean json;

  @Option(
      names = "--passages",
      defaultValue = "1000",
      description = "Real passages of mixed length, at most 6000. Default: ${DEFAULT-VALUE}.")
  int passages;

  @Option(
      names = "--python",
      defaultValue = "",
      description = "A Python with torch and transformers to compare with. Default: none.")
  String python = "";

  @Option(
      names = "--storm-seconds",
      defaultValue = "600",
      description = "How long batches exceed the memory. Default: ${DEFAULT-VALUE}.")
  double storm;

  @Option(
      names = "--parts",
      split = ",",
      defaultValue =
          "encoders,generate,generate_pipeline,pipeline,two_gpus,group,device_error,on_demand,storm,mixed,"
              + "products,reference,reference_compiled",
      description =
          "What to measure. products: a layer's kernels alone (encoders has them, too)."
              + " reference: transformers' generate (needs --python);"
              + " reference_compiled: compiled, too, which takes minutes. Default: all.")
  Set<GpuBench.Part> parts = Set.of();

  @Option(
      names = "--known",
      defaultValue = "",
      description =
          "File with the JSON of an earlier run of other parts on the same machine, for the ratios"
              + " between parts. Default: none.")
  String known = "";

  @Option(
      names = "--set",
      description = "A setting of the pipeline's workers on GPUs, as worker.batch.ahead=60ms.")
  Map<String, String> settings = Map.of();

  @Override
  public Integer call() throws Exception {
    List<String> all = Passages.all();
    List<String> texts = all.subList(0, Math.min(passages, all.size()));
    GpuBench bench = new GpuBench(texts, python, storm, parts, System.err);
    bench.settings(settings);
    if (!known.isEmpty()) {
      bench.known(Files.readString(Path.of(known)));
    }
    if (json) {
      bench.afterEachPart(soFar -> System.out.println(soFar.toJson()));
    }
    BenchResult result = bench.run();
    System.out.println(json ? result.toJson() : result.figures().toString());
    return 0;
  }
}
