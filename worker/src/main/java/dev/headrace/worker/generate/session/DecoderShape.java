package dev.headrace.worker.generate.session;

/**
 * What a scheduler needs to know of a decoder.
 *
 * @param vocabulary number of logits for each position; ids are {@code 0..vocabulary - 1}
 * @param maxPositions the most tokens of a sequence, prompt and generated together
 * @param kvBytesPerToken KV memory that one token of a sequence takes, over all layers
 */
public record DecoderShape(int vocabulary, int maxPositions, long kvBytesPerToken) {
  public DecoderShape {
    if (vocabulary < 1) {
      throw new IllegalArgumentException("vocabulary: " + vocabulary + " (expected: >= 1)");
    }
    if (maxPositions < 1) {
      throw new IllegalArgumentException("max positions: " + maxPositions + " (expected: >= 1)");
    }
    if (kvBytesPerToken < 1) {
      throw new IllegalArgumentException(
          "kv bytes per token: " + kvBytesPerToken + " (expected: >= 1)");
    }
  }
}
