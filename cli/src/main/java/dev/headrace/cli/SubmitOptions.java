package dev.headrace.cli;

import dev.headrace.protocol.Task;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.config.Settings;
import dev.headrace.sdk.HeadraceClient;
import dev.headrace.sdk.InferenceResult;
import dev.headrace.sdk.PendingResult;
import dev.headrace.sdk.Request;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** What all tasks of {@code headrace submit} have in common. */
final class SubmitOptions {
  @Option(
      names = "--model",
      defaultValue = "all-minilm-l6-v2",
      description = "Default: ${DEFAULT-VALUE}.")
  String model = "";

  @Option(
      names = "--tier",
      defaultValue = "standard",
      description = "economy, standard or premium.")
  String tier = "";

  @Option(
      names = "--deadline",
      paramLabel = "SPAN",
      description = "As 500ms, 2s or 5m; default: the tier's.")
  @Nullable String deadline;

  @Option(names = "--idempotency-key", description = "Requests with the same key run once.")
  @Nullable String idempotencyKey;

  @Option(names = "--json", description = "Print the outcome as one JSON object.")
  boolean json;

  @Mixin ConnectionOptions connection = new ConnectionOptions();
  @Mixin ClientOption client = new ClientOption();

  Request complete(Request request, CommandSpec spec) {
    Request complete =
        request.tier(
            Tier.ofWireName(tier)
                .orElseThrow(
                    () ->
                        new ParameterException(
                            spec.commandLine(),
                            "--tier: " + tier + " (expected: one of " + Tier.expected() + ")")));
    if (deadline != null) {
      complete = complete.deadline(span(deadline, spec));
    }
    return idempotencyKey == null ? complete : complete.idempotencyKey(idempotencyKey);
  }

  private static Duration span(String text, CommandSpec spec) {
    return Settings.parseDuration(text)
        .orElseThrow(
            () ->
                new ParameterException(
                    spec.commandLine(),
                    "--deadline: " + text + " (expected: a span such as 500ms, 2s or 5m)"));
  }

  int submit(Request request, Task task) throws InterruptedException, ExecutionException {
    try (HeadraceClient headrace = client.open(connection)) {
      PendingResult pending = headrace.submit(request);
      if (!json) {
        System.err.println("submitted " + pending.id());
      }
      InferenceResult result = pending.get();
      System.out.println(json ? Results.json(result) : Results.text(result, task));
      return result.isOk() ? 0 : Main.FAILED;
    }
  }
}
