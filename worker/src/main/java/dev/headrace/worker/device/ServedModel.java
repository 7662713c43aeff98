package dev.headrace.worker.device;

import dev.headrace.protocol.NumericPrecision;
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

  /** In what its weights are held, when the engine knows. */
  default Optional<NumericPrecision> precision() {
    return Optional.empty();
  }

  /** Components of its vectors. */
  int dimension();

  /** The labels of a model with a trained classifier; its vectors are logits, not embeddings. */
  default Optional<TrainedLabels> trainedLabels() {
    return Optional.empty();
  }

  /**
   * Tokenises texts, truncated to what the model takes.
   *
   * @throws dev.headrace.protocol.FailureException INVALID_BODY for a text that has no tokens in
   *     this model, such as one with half a surrogate pair
   */
  List<Row> rows(List<String> texts);
}
