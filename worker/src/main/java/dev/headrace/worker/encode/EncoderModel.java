package dev.headrace.worker.encode;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.Task;
import dev.headrace.worker.device.PairScorer;
import dev.headrace.worker.device.Row;
import dev.headrace.worker.device.ServedModel;
import dev.headrace.worker.device.TrainedLabels;
import dev.headrace.worker.model.Head;
import dev.headrace.worker.model.ModelDescription;
import dev.headrace.worker.text.InvalidTextException;
import dev.headrace.worker.text.TextTokenizer;
import dev.headrace.worker.text.TokenizedText;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** An encoder with its tokenizer. */
record EncoderModel(ModelDescription description, TextTokenizer tokenizer) implements ServedModel {

  /** A text's tokens. */
  record TextRow(TokenizedText text) implements Row {
    @Override
    public int length() {
      return text.tokens();
    }
  }

  @Override
  public String name() {
    return description.name();
  }

  @Override
  public String revision() {
    return description.revision();
  }

  @Override
  public Set<Task> tasks() {
    return tasks(description);
  }

  /** What a model does, loaded or not. */
  static Set<Task> tasks(ModelDescription description) {
    if (description.head() instanceof Head.Classifier head) {
      return head.labels().size() == 1
          ? EnumSet.of(Task.CLASSIFICATIONS, Task.RERANK)
          : EnumSet.of(Task.CLASSIFICATIONS);
    }
    return EnumSet.of(Task.EMBEDDINGS, Task.CLASSIFICATIONS);
  }

  @Override
  public Optional<TrainedLabels> trainedLabels() {
    return description.head() instanceof Head.Classifier head
        ? Optional.of(new TrainedLabels(head.labels(), head.multiLabel()))
        : Optional.empty();
  }

  @Override
  public Optional<PairScorer> pairScorer() {
    return description.head() instanceof Head.Classifier head && head.labels().size() == 1
        ? Optional.of(new CrossEncoder(tokenizer, head.scoring()))
        : Optional.empty();
  }

  @Override
  public int dimension() {
    return description.dimension();
  }

  @Override
  public List<Row> rows(List<String> texts) {
    return rows("text", texts, tokenizer::tokenize);
  }

  /** Makes a row of a text. */
  interface Tokenizing {
    TokenizedText of(String text) throws InvalidTextException;
  }

  /**
   * A row for each text.
   *
   * @param what messages call a text
   */
  static List<Row> rows(String what, List<String> texts, Tokenizing tokenizing) {
    List<Row> rows = new ArrayList<>(texts.size());
    for (int i = 0; i < texts.size(); i++) {
      try {
        rows.add(new TextRow(tokenizing.of(texts.get(i))));
      } catch (InvalidTextException e) {
        throw new FailureException(
            ErrorCode.INVALID_BODY,
            what + " " + i + " of " + texts.size() + ": " + e.getMessage(),
            e);
      }
    }
    return rows;
  }
}
