package dev.headrace.cli;

import dev.headrace.bench.model.ModelBench;
import dev.headrace.bench.model.PassageBatches;
import dev.headrace.cli.demo.Passages;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code headrace bench model}. */
@Command(
    name = "model",
    description = "all-minilm-l6-v2 in Headrace's engine beside ONNX Runtime: speed and accuracy.",
    mixinStandardHelpOptions = true)
final class BenchModelCommand implements Callable<Integer> {
  @Option(names = "--json", description = "Print one JSON object as the last line.")
  boolean json;

  @Option(names = "--rounds", defaultValue = "3", description = "Default: ${DEFAULT-VALUE}.")
  int rounds;

  @Option(
      names = "--passages",
      defaultValue = "1000",
      description = "Real passages of mixed length, at most 6000. Default: ${DEFAULT-VALUE}.")
  int passages;

  @Option(
      names = "--threads",
      defaultValue = "0",
      description = "Threads of each side; 0 for one a processor. Default: ${DEFAULT-VALUE}.")
  int threads;

  @Override
  public Integer call() throws Exception {
    List<String> texts = PassageBatches.sample(Passages.all(), passages);
    int used = threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
    BenchCommand.print(new ModelBench(rounds, used, texts, System.err).run(), json);
    return 0;
  }
}
