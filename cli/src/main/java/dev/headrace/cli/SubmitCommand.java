package dev.headrace.cli;

import dev.headrace.protocol.Task;
import dev.headrace.protocol.Tier;
import dev.headrace.sdk.HeadraceClient;
import dev.headrace.sdk.InferenceResult;
import dev.headrace.sdk.PendingResult;
import dev.headrace.sdk.Request;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code headrace submit embed|classify}: one request, and its outcome. */
@Command(
    name = "submit",
    description = "Submit one request and wait for its outcome.",
    subcommands = {SubmitCommand.Embed.class, SubmitCommand.Classify.class},
    mixinStandardHelpOptions = true)
final class SubmitCommand implements Runnable {
  @Spec CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "task: missing (expected: embed or classify)");
  }

  /** What both have in common. */
  static final class Common {
    @Option(names = "--text", required = true, description = "Text; may be given several times.")
    List<String> texts = List.of();

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
      return dev.headrace.protocol.config.Settings.parseDuration(text)
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

  /** One vector for each text. */
  @Command(
      name = "embed",
      description = "One vector for each text.",
      mixinStandardHelpOptions = true)
  static final class Embed implements Callable<Integer> {
    @Spec CommandSpec spec;
    @Mixin Common common = new Common();

    @Option(names = "--dimensions", description = "Leading components to keep, re-normalised.")
    @Nullable Integer dimensions;

    @Override
    public Integer call() throws InterruptedException, ExecutionException {
      Request request = Request.embed(common.model, common.texts);
      if (dimensions != null) {
        request = request.dimensions(dimensions);
      }
      return common.submit(common.complete(request, spec), Task.EMBEDDINGS);
    }
  }

  /** One label for each text. */
  @Command(
      name = "classify",
      description = "One label for each text.",
      mixinStandardHelpOptions = true)
  static final class Classify implements Callable<Integer> {
    @Spec CommandSpec spec;
    @Mixin Common common = new Common();

    @Option(
        names = "--labels",
        required = true,
        paramLabel = "A,B,...",
        description = "At least two labels.")
    String labels = "";

    @Override
    public Integer call() throws InterruptedException, ExecutionException {
      List<String> names = Arrays.stream(labels.split(",")).map(String::strip).toList();
      Request request = Request.classify(common.model, names, common.texts);
      return common.submit(common.complete(request, spec), Task.CLASSIFICATIONS);
    }
  }
}
