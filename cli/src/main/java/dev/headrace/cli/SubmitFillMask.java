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

/** Tokens that fit where each text has a mask. */
@Command(
    name = "fill-mask",
    description = "Tokens that fit where each text has a mask.",
    mixinStandardHelpOptions = true)
final class SubmitFillMask implements Callable<Integer> {
  @Spec CommandSpec spec;
  @Mixin SubmitOptions common = new SubmitOptions();

  @Option(names = "--text", required = true, description = "Text; may be given several times.")
  List<String> texts = List.of();

  @Option(names = "--top", paramLabel = "K", description = "Candidates for each mask.")
  @Nullable Integer top;

  @Override
  public Integer call() throws InterruptedException, ExecutionException {
    Request request = Request.fillMask(common.model, texts);
    if (top != null) {
      request = request.topK(top);
    }
    return common.run(request, Task.FILL_MASK, spec);
  }
}
