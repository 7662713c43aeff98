package dev.headrace.worker.device;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.NumericPrecision;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.body.GenerationRequest;
import dev.headrace.protocol.service.ServiceCurve;
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

  /**
   * Whether each row of a batch costs as much as its longest. Not so on a device that runs rows of
   * unlike length apart: there a batch costs what its tokens cost.
   */
  default boolean pads() {
    return true;
  }

  /** In what its weights are held, when the engine knows. */
  default Optional<NumericPrecision> precision() {
    return Optional.empty();
  }

  /** Its service time as it was measured before, on this device; mostly empty. */
  default Optional<ServiceCurve> profile() {
    return Optional.empty();
  }

  /** Components of its vectors; 0 if it makes none. */
  default int dimension() {
    return 0;
  }

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
   * How much of it may run side by side, of a model that works by iterations; empty for one that
   * runs a batch in one shot.
   */
  default Optional<Concurrency> concurrency() {
    return Optional.empty();
  }

  /**
   * The rows of a request for text, in the order of the prompts and, for each, of its choices: the
   * prompts tokenised, a conversation put into the model's form, {@code max_tokens} resolved.
   *
   * @throws dev.headrace.protocol.FailureException INVALID_BODY for what the model cannot do,
   *     INPUT_TOO_LARGE for a prompt that leaves no room in its context
   */
  default List<Row> generate(GenerationRequest request) {
    throw new FailureException(
        ErrorCode.UNKNOWN_TASK, name() + ": generates no text (expected: a model that does)");
  }

  /**
   * Tokenises texts, truncated to what the model takes.
   *
   * @throws dev.headrace.protocol.FailureException INVALID_BODY for a text that has no tokens in
   *     this model, such as one with half a surrogate pair
   */
  default List<Row> rows(List<String> texts) {
    throw new FailureException(
        ErrorCode.UNKNOWN_TASK, name() + ": makes no vectors (expected: a model that does)");
  }
}
