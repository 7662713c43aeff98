package dev.headrace.cli;

import dev.headrace.protocol.Task;
import dev.headrace.sdk.Request;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Text that goes on with a prompt. */
@Command(
    name = "generate",
    description = "Text that goes on with a prompt.",
    mixinStandardHelpOptions = true)
final class SubmitGenerate implements Callable<Integer> {
  @Spec CommandSpec spec;
  @Mixin GenerateOptions options = new GenerateOptions();

  @Option(names = "--prompt", required = true, description = "May be given several times.")
  List<String> prompts = List.of();

  @Override
  public Integer call() throws InterruptedException, ExecutionException {
    if (options.stream && prompts.size() > 1) {
      throw new picocli.CommandLine.ParameterException(
          spec.commandLine(),
          "--prompt: " + prompts.size() + " prompts (expected: 1 with --stream)");
    }
    Request request = Request.complete(options.common.model, prompts.toArray(new String[0]));
    return options.run(request, Task.COMPLETIONS, spec);
  }
}
