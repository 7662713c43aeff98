package dev.headrace.cli;

import dev.headrace.protocol.Task;
import dev.headrace.sdk.HeadraceClient;
import dev.headrace.sdk.InferenceResult;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code headrace result ID}: the outcome of a request, if it has one. */
@Command(
    name = "result",
    description = "Print the outcome of a request; exit status 1 while it has none.",
    mixinStandardHelpOptions = true)
final class ResultCommand implements Callable<Integer> {
  @Mixin RequestArguments request = new RequestArguments();

  @Override
  public Integer call() {
    try (HeadraceClient headrace = request.open()) {
      Optional<InferenceResult> result = headrace.result(request.id);
      if (result.isEmpty()) {
        System.err.println(
            "headrace: " + request.id + " has no outcome (client " + request.client.id + ")");
        return Main.FAILED;
      }
      InferenceResult found = result.get();
      Task task =
          Task.ofWireName(found.details().getOrDefault(dev.headrace.protocol.Detail.TASK, ""))
              .orElse(Task.EMBEDDINGS);
      System.out.println(request.json ? Results.json(found) : Results.text(found, task));
      return 0;
    }
  }
}
