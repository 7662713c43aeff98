package dev.headrace.worker.model;

/**
 * A text encoder that can be opened.
 *
 * @param name what requests call it
 * @param revision short hash over its files; part of the cache key, so that a changed model never
 *     answers from old results
 * @param config the shape of the encoder
 * @param maxTokens longer texts are cut to this many tokens, special tokens included
 * @param head what leaves the model
 * @param prompt what is put before every text; mostly empty
 * @param files where weights and tokenizer come from
 */
public record ModelDescription(
    String name,
    String revision,
    EncoderConfig config,
    int maxTokens,
    Head head,
    String prompt,
    ModelFiles files) {

  /** A model that reads texts as they are. */
  public ModelDescription(
      String name,
      String revision,
      EncoderConfig config,
      int maxTokens,
      Head head,
      ModelFiles files) {
    this(name, revision, config, maxTokens, head, "", files);
  }

  public ModelDescription {
    if (maxTokens < 2 || maxTokens > config.positions()) {
      throw new IllegalArgumentException(
          "max tokens: " + maxTokens + " (expected: 2.." + config.positions() + ")");
    }
  }

  /** Width of the vectors that leave the model. */
  public int dimension() {
    return head.width(config);
  }

  /** The same model with another limit; MiniLM can read 512 tokens, for instance. */
  public ModelDescription withMaxTokens(int tokens) {
    return new ModelDescription(name, revision, config, tokens, head, prompt, files);
  }
}
