package dev.headrace.worker.model.decoder;

import dev.headrace.worker.model.ModelFiles;

/**
 * A decoder that can be opened.
 *
 * @param name what requests call it
 * @param revision short hash over its files; part of the cache key
 * @param config the shape of the decoder
 * @param maxTokens the most tokens of a sequence, prompt and generated together
 * @param files where weights and tokenizer come from
 */
public record DecoderModel(
    String name, String revision, DecoderConfig config, int maxTokens, ModelFiles files) {
  public DecoderModel {
    if (maxTokens < 2 || maxTokens > config.positions()) {
      throw new IllegalArgumentException(
          "max tokens: " + maxTokens + " (expected: 2.." + config.positions() + ")");
    }
  }
}
