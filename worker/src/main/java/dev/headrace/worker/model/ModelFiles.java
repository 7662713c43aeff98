package dev.headrace.worker.model;

import dev.headrace.worker.model.weights.WeightSource;
import java.io.IOException;
import java.util.Optional;

/** Where a model's files come from: the class path or a folder. */
public interface ModelFiles {
  /** Opens the weights; the caller closes them. May take a second: large files are unpacked. */
  WeightSource openWeights() throws IOException;

  /** The content of {@code tokenizer.json}. */
  String tokenizerJson() throws IOException;

  /** Whether they came with Headrace; what somebody put into a folder is not trusted. */
  default boolean builtIn() {
    return false;
  }

  /** TorchScript that runs as it is; empty where it is made of the weights. */
  default Optional<ReadyScript> readyScript() {
    return Optional.empty();
  }

  /** How the model uses its tokenizer. */
  default TokenizerTraits tokenizerTraits() throws IOException {
    return TokenizerTraits.PLAIN;
  }
}
