package dev.headrace.cli;

import dev.headrace.protocol.Task;
import dev.headrace.protocol.body.Aggregation;
import dev.headrace.sdk.Request;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Names and the like in each text. */
@Command(
    name = "entities",
    description = "Names and the like in each text.",
    mixinStandardHelpOptions = true)
final class SubmitEntities implements Callable<Integer> {
  @Spec CommandSpec spec;
  @Mixin SubmitOptions common = new SubmitOptions();

  @Option(names = "--text", required = true, description = "Text; may be given several times.")
  List<String> texts = List.of();

  @Option(
      names = "--aggregation",
      defaultValue = "simple",
      description = "none, simple, first, average or max. Default: ${DEFAULT-VALUE}.")
  String aggregation = "";

  @Override
  public Integer call() throws InterruptedException, ExecutionException {
    Aggregation chosen =
        Aggregation.ofWireName(aggregation)
            .orElseThrow(
                () ->
                    new ParameterException(
                        spec.commandLine(),
                        "--aggregation: "
                            + aggregation
                            + " (expected: one of "
                            + Aggregation.expected()
                            + ")"));
    Request request = Request.entities(common.model, texts).aggregation(chosen);
    return common.run(request, Task.TOKEN_CLASSIFICATIONS, spec);
  }
}
