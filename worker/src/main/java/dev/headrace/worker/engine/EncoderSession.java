package dev.headrace.worker.engine;

import dev.headrace.worker.text.TokenizedText;
import java.util.List;

/** A loaded text encoder. Run by the thread that opened its engine, and by no other. */
public interface EncoderSession extends AutoCloseable {
  /** Width of the vectors. */
  int dimension();

  /** The longest text it takes, in tokens. */
  int maxTokens();

  /**
   * One vector a text, in the order given. Rows are padded to the longest; batches of like lengths
   * waste least.
   *
   * @throws IllegalArgumentException when a text is empty, too long or has an id that the model
   *     does not know; nothing has run then
   * @throws EngineException when the engine fails; unless the kind is FATAL, the session lives on
   */
  EncodedBatch run(List<TokenizedText> texts);

  /**
   * Starts a batch and returns as soon as the device has been told; a device that computes beside
   * the host goes on while the caller prepares the next one. What was started first must be awaited
   * first, and at most {@link #depth} batches may be under way. Here the batch runs to its end.
   *
   * @throws IllegalArgumentException as {@link #run}
   * @throws EngineException as {@link #run}
   */
  default PendingBatch start(List<TokenizedText> texts) {
    EncodedBatch done = run(texts);
    return () -> done;
  }

  /** Whether nothing is computed for padding, so that rows of any length may run together. */
  default boolean packs() {
    return false;
  }

  /** Batches that may be under way at a time. */
  default int depth() {
    return 1;
  }

  /**
   * Frees the model's memory; the thread that loaded it calls this, or the engine's, while no run
   * is under way. Closing again does nothing.
   */
  @Override
  void close();
}
