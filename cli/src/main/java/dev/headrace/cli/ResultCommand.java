package dev.headrace.cli;

import dev.headrace.protocol.Task;
import dev.headrace.sdk.HeadraceClient;
import dev.headrace.sdk.InferenceResult;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code headrace result ID}: the outcome of a request, if it has one. */
@Command(
    name = "result",
    description = "Print the outcome of a request; exit status 1 while it has none.",
    mixinStandardHelpOptions = true)
final class ResultCommand implements Callable<Integer> {
  @Parameters(paramLabel = "ID", description = "The id that submit printed.")
  String id = "";

  @Option(names = "--json", description = "Print the outcome as one JSON object.")
  boolean json;

  @Mixin ConnectionOptions connection = new ConnectionOptions();
  @Mixin ClientOption client = new ClientOption();

  @Override
  public Integer call() {
    try (HeadraceClient headrace = client.open(connection)) {
      Optional<InferenceResult> result = headrace.result(id);
      if (result.isEmpty()) {
        System.err.println("headrace: " + id + " has no outcome (client " + client.id + ")");
        return Main.FAILED;
      }
      InferenceResult found = result.get();
      Task task =
          Task.ofWireName(found.details().getOrDefault(dev.headrace.protocol.Detail.TASK, ""))
              .orElse(Task.EMBEDDINGS);
      System.out.println(json ? Results.json(found) : Results.text(found, task));
      return 0;
    }
  }
}
