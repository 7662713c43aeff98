package dev.headrace.cli.demo;

import dev.headrace.protocol.Detail;
import dev.headrace.protocol.Tier;
import dev.headrace.sdk.HeadraceClient;
import dev.headrace.sdk.InferenceResult;
import dev.headrace.sdk.PendingResult;
import dev.headrace.sdk.Request;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Some texts that the demo's workers generate beside the passages, where the small model that
 * {@code headrace models fetch} brings is there.
 */
final class DemoTexts {
  static final String PRESENT = "models/smollm2-135m is there: the workers generate text too";
  static final String ABSENT =
      "no text is generated: 'headrace models fetch smollm2-135m' brings a model (98 MB) for it";

  private static final String MODEL = "smollm2-135m";
  private static final Path FOLDER = Path.of("models");
  private static final int MAX_TOKENS = 24;
  private static final List<String> QUESTIONS =
      List.of(
          "What is the capital of France?",
          "What does a water mill do?",
          "Name three rivers.",
          "Why is the sky blue?",
          "What is a queue?",
          "Write one sentence about rain.");

  private final List<PendingResult> pending;

  private DemoTexts(List<PendingResult> pending) {
    this.pending = pending;
  }

  /**
   * What came of it.
   *
   * @param requests submitted
   * @param ok of these
   * @param tokens generated
   * @param first the text of the first request
   */
  record Written(int requests, int ok, long tokens, String first) {
    boolean complete() {
      return ok == requests;
    }
  }

  static boolean available() {
    return Files.isDirectory(FOLDER.resolve(MODEL));
  }

  /** Of both workers, so that the router chooses between them. */
  static Map<String, String> settings() {
    return Map.of(
        "worker.models", "all-minilm-l6-v2, " + MODEL,
        "worker.models.folder", FOLDER.toString(),
        "worker.generation.texts", "8",
        "worker.generation.context", "512",
        "worker.generation.kv-memory", "128MiB");
  }

  static DemoTexts submit(HeadraceClient client) {
    List<PendingResult> pending = new ArrayList<>();
    for (String question : QUESTIONS) {
      pending.add(
          client.submit(
              Request.chat(MODEL, question)
                  .maxTokens(MAX_TOKENS)
                  .temperature(0)
                  .tier(Tier.ECONOMY)
                  .deadline(Duration.ofMinutes(10))));
    }
    return new DemoTexts(pending);
  }

  /** Waits so long for each. */
  Written await(Duration timeout)
      throws InterruptedException, ExecutionException, TimeoutException {
    int ok = 0;
    long tokens = 0;
    String first = "";
    for (PendingResult each : pending) {
      InferenceResult result = each.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
      if (result.isOk()) {
        ok++;
        tokens += Long.parseLong(result.details().getOrDefault(Detail.NEW_TOKENS, "0"));
        first = first.isEmpty() ? result.completions().get(0).text().strip() : first;
      }
    }
    return new Written(pending.size(), ok, tokens, first);
  }
}
