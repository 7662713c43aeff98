package dev.headrace.worker.testing;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.Task;
import dev.headrace.worker.device.Row;
import dev.headrace.worker.device.RowOutput;
import dev.headrace.worker.device.ServedModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * A model for tests: a token is a word, a text's vector counts the words' first letters {@code a}
 * to {@code z}.
 */
public record WordModel(String name, String revision, Set<Task> tasks) implements ServedModel {
  /** Components of its vectors. */
  public static final int DIMENSION = 26;

  /** A model that does all tasks. */
  public static WordModel named(String name) {
    return new WordModel(name, "r1", Set.of(Task.EMBEDDINGS, Task.CLASSIFICATIONS));
  }

  /** A text with its words counted. */
  public record Words(String text, int length) implements Row {}

  @Override
  public int dimension() {
    return DIMENSION;
  }

  @Override
  public List<Row> rows(List<String> texts) {
    List<Row> rows = new ArrayList<>();
    for (String text : texts) {
      if (text.contains("\ud800")) {
        throw new FailureException(ErrorCode.INVALID_BODY, "text: lone surrogate");
      }
      if (text.contains("defect in the tokenizer")) {
        throw new IllegalStateException("defect");
      }
      rows.add(new Words(text, text.strip().split("\\s+").length));
    }
    return rows;
  }

  /** The vector of a text. */
  public static float[] vector(String text) {
    float[] vector = new float[DIMENSION];
    for (String word : text.toLowerCase(java.util.Locale.ROOT).split("\\s+")) {
      if (!word.isEmpty() && word.charAt(0) >= 'a' && word.charAt(0) <= 'z') {
        vector[word.charAt(0) - 'a']++;
      }
    }
    return vector;
  }

  /** What the model makes of a row. */
  public static RowOutput output(Row row) {
    return new RowOutput.Vector(vector(((Words) row).text()));
  }
}
