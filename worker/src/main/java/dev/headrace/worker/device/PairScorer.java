package dev.headrace.worker.device;

import java.util.List;

/** What a model can do that scores pairs of texts: a cross-encoder. Thread-safe. */
public interface PairScorer {
  /**
   * Tokenises a query with each document, the longer of the two cut first.
   *
   * @return one row per document; its output is one logit
   * @throws dev.headrace.protocol.FailureException INVALID_BODY for a text that has no tokens in
   *     this model
   */
  List<Row> rows(String query, List<String> documents);

  /** The score of a logit, as the model's makers meant it: mostly 0 to 1. */
  double score(float logit);
}
