package dev.headrace.worker.encode;

import dev.headrace.worker.device.PairScorer;
import dev.headrace.worker.device.Row;
import dev.headrace.worker.model.PairScoring;
import dev.headrace.worker.text.TextTokenizer;
import java.util.List;

/** A classifier with one label, asked about a query and documents. */
record CrossEncoder(TextTokenizer tokenizer, PairScoring scoring) implements PairScorer {
  @Override
  public List<Row> rows(String query, List<String> documents) {
    return EncoderModel.each(
        "document",
        documents,
        document -> new EncoderModel.TextRow(tokenizer.tokenizePair(query, document)));
  }

  @Override
  public double score(float logit) {
    return switch (scoring) {
      case SIGMOID -> 1 / (1 + Math.exp(-logit));
      case IDENTITY -> logit;
    };
  }
}
