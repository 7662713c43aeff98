package dev.headrace.bench.model;

import dev.headrace.worker.text.TokenizedText;
import java.util.List;

/** Something that makes vectors of tokenised texts, on the calling thread and its helpers. */
public interface Encoder extends AutoCloseable {
  /** {@code [texts][dimension]}, in the order given, each of length 1. */
  float[][] encode(List<TokenizedText> texts);

  @Override
  void close();
}
