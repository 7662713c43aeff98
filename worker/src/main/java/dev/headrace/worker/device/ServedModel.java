package dev.headrace.worker.device;

import dev.headrace.protocol.Task;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A model that an engine serves. All methods are thread-safe: the preparing thread makes rows while
 * the engine's thread runs others.
 */
public interface ServedModel {
  /** The name in requests. */
  String name();

  /** Digest of the files; part of the cache key. */
  String revision();

  /** What it does. */
  Set<Task> tasks();

  /** Components of its vectors. */
  int dimension();

  /** The labels of a model with a trained classifier; its vectors are logits, not embeddings. */
  default Optional<TrainedLabels> trainedLabels() {
    return Optional.empty();
  }

  /** What a cross-encoder can do; empty for other models. */
  default Optional<PairScorer> pairScorer() {
    return Optional.empty();
  }

  /** What a classifier of tokens can do; empty for other models. */
  default Optional<TokenTagger> tokenTagger() {
    return Optional.empty();
  }

  /** What a model with a mask token can do; empty for other models. */
  default Optional<MaskFiller> maskFiller() {
    return Optional.empty();
  }

  /** The names of the prompts that may be put before texts. */
  default Set<String> prompts() {
    return Set.of();
  }

  /**
   * Tokenises texts with one of the prompts before each, as {@link #rows(List)} does with the
   * default one, if there is any.
   *
   * @param prompt one of {@link #prompts}
   */
  default List<Row> rows(List<String> texts, String prompt) {
    throw new IllegalArgumentException(
        "prompt: " + prompt + " (expected: one of " + prompts() + ")");
  }

  /**
   * Tokenises texts, truncated to what the model takes.
   *
   * @throws dev.headrace.protocol.FailureException INVALID_BODY for a text that has no tokens in
   *     this model, such as one with half a surrogate pair
   */
  List<Row> rows(List<String> texts);
}
