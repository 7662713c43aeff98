package dev.headrace.cli;

import dev.headrace.protocol.Task;
import dev.headrace.sdk.Request;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** One vector for each text. */
@Command(name = "embed", description = "One vector for each text.", mixinStandardHelpOptions = true)
final class SubmitEmbed implements Callable<Integer> {
  @Spec CommandSpec spec;
  @Mixin SubmitOptions common = new SubmitOptions();

  @Option(names = "--text", required = true, description = "Text; may be given several times.")
  List<String> texts = List.of();

  @Option(names = "--dimensions", description = "Leading components to keep, re-normalised.")
  @Nullable Integer dimensions;

  @Option(
      names = "--prompt",
      paramLabel = "NAME",
      description = "Which of the model's prompts to put before each text, as query or document.")
  @Nullable String prompt;

  @Override
  public Integer call() throws InterruptedException, ExecutionException {
    Request request = Request.embed(common.model, texts);
    if (dimensions != null) {
      request = request.dimensions(dimensions);
    }
    if (prompt != null) {
      request = request.prompt(prompt);
    }
    return common.run(request, Task.EMBEDDINGS, spec);
  }
}
