package dev.headrace.cli;

import dev.headrace.protocol.Task;
import dev.headrace.sdk.Estimate;
import dev.headrace.sdk.HeadraceClient;
import dev.headrace.sdk.InferenceResult;
import dev.headrace.sdk.PendingResult;
import dev.headrace.sdk.Request;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/**
 * What all tasks of {@code headrace submit} have in common. The same commands under {@code headrace
 * estimate} say what the request would come to.
 */
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

  @Option(names = "--json", description = "Print one JSON object.")
  boolean json;

  @Mixin TermsOptions terms = new TermsOptions();
  @Mixin ConnectionOptions connection = new ConnectionOptions();
  @Mixin ClientOption client = new ClientOption();

  /** The request with all options. */
  Request complete(Request request, CommandSpec spec) {
    Request complete = terms.read(spec).apply(request.tier(TermsOptions.tier(tier, spec)));
    if (deadline != null) {
      complete = complete.deadline(TermsOptions.deadline(deadline, spec));
    }
    return idempotencyKey == null ? complete : complete.idempotencyKey(idempotencyKey);
  }

  /** Whether the command stands under {@code headrace estimate}. */
  static boolean estimates(CommandSpec spec) {
    return spec.parent() != null && spec.parent().name().equals(EstimateCommand.NAME);
  }

  /** Completes the request, submits it or estimates it, and prints what came out. */
  int run(Request request, Task task, CommandSpec spec)
      throws InterruptedException, ExecutionException {
    Request complete = complete(request, spec);
    return estimates(spec) ? estimate(complete) : submit(complete, task);
  }

  private int submit(Request request, Task task) throws InterruptedException, ExecutionException {
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

  private int estimate(Request request) {
    try (HeadraceClient headrace = client.open(connection)) {
      Optional<Estimate> estimate = headrace.estimate(request);
      System.out.println(
          json ? Estimates.json(estimate.orElse(null)) : Estimates.text(estimate.orElse(null)));
      return estimate.isPresent() ? 0 : Main.FAILED;
    }
  }
}
