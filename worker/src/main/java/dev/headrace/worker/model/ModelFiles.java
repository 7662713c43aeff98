package dev.headrace.worker.model;

import dev.headrace.worker.model.weights.WeightSource;
import java.io.IOException;

/** Where a model's files come from: the class path or, later, a Hugging Face folder. */
public interface ModelFiles {
  /** Opens the weights; the caller closes them. May take a second: large files are unpacked. */
  WeightSource openWeights() throws IOException;

  /** The content of {@code tokenizer.json}. */
  String tokenizerJson() throws IOException;

  /** How the model uses its tokenizer. */
  default TokenizerTraits tokenizerTraits() throws IOException {
    return TokenizerTraits.PLAIN;
  }
}
