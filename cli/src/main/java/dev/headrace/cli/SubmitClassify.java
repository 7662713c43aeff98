package dev.headrace.cli;

import dev.headrace.protocol.Task;
import dev.headrace.sdk.Request;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** One label for each text. */
@Command(
    name = "classify",
    description = "One label for each text.",
    mixinStandardHelpOptions = true)
final class SubmitClassify implements Callable<Integer> {
  @Spec CommandSpec spec;
  @Mixin SubmitOptions common = new SubmitOptions();

  @Option(names = "--text", required = true, description = "Text; may be given several times.")
  List<String> texts = List.of();

  @Option(
      names = "--labels",
      paramLabel = "A,B,...",
      description = "At least two labels; none for a model that was trained on labels of its own.")
  @Nullable String labels;

  @Override
  public Integer call() throws InterruptedException, ExecutionException {
    Request request =
        labels == null
            ? Request.classifyTrained(common.model, texts)
            : Request.classify(common.model, names(labels), texts);
    return common.run(request, Task.CLASSIFICATIONS, spec);
  }

  private static List<String> names(String labels) {
    return Arrays.stream(labels.split(",")).map(String::strip).toList();
  }
}
