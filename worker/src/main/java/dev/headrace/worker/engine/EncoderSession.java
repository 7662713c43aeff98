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
   * Frees the model's memory; the thread that loaded it calls this, or the engine's, while no run
   * is under way. Closing again does nothing.
   */
  @Override
  void close();
}
