package dev.headrace.cli;

import dev.headrace.bench.BenchResult;
import dev.headrace.bench.gpu.GpuBench;
import dev.headrace.cli.demo.Passages;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code headrace bench gpu}. */
@Command(
    name = "gpu",
    description = "Encoders on the first GPU beside the device's ceilings and PyTorch.",
    mixinStandardHelpOptions = true)
final class BenchGpuCommand implements Callable<Integer> {
  @Option(names = "--json", description = "Print one JSON object as the last line.")
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

  @Override
  public Integer call() throws Exception {
    List<String> all = Passages.all();
    List<String> texts = all.subList(0, Math.min(passages, all.size()));
    BenchResult result = new GpuBench(texts, python, storm, System.err).run();
    System.out.println(json ? result.toJson() : result.figures().toString());
    return 0;
  }
}
