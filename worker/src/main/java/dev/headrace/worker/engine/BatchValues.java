package dev.headrace.worker.engine;

import dev.headrace.worker.engine.Grouping.Group;
import dev.headrace.worker.model.EncoderConfig;
import dev.headrace.worker.model.Head;
import dev.headrace.worker.model.ModelDescription;
import dev.headrace.worker.text.TokenizedText;
import java.util.List;

/**
 * The values of a batch as its groups come in. What a model gives for a group is the same number of
 * values for each row, padding included, and behind them, row by row, what single rows have more:
 * see {@link Head.MaskedFill}. Groups may come in on several threads, for each has places of its
 * own.
 */
final class BatchValues {
  private final List<TokenizedText> texts;
  private final Head head;
  private final int width;
  private final int[] starts;
  private final float[] values;

  BatchValues(ModelDescription model, List<TokenizedText> texts) {
    this.texts = texts;
    this.head = model.head();
    this.width = model.dimension();
    this.starts = starts(model.config());
    this.values = new float[starts[texts.size()]];
  }

  /** Where each row's values begin; at the end where the last ones end. */
  private int[] starts(EncoderConfig config) {
    int[] all = new int[texts.size() + 1];
    for (int row = 0; row < texts.size(); row++) {
      all[row + 1] = Math.addExact(all[row], head.values(config, texts.get(row).ids()));
    }
    return all;
  }

  /** Values that the model gives for a group. */
  int of(Group group) {
    int count = Math.multiplyExact(group.rows().size(), each(group.tokens()));
    for (int row : group.rows()) {
      count = Math.addExact(count, more(row));
    }
    return count;
  }

  /** Takes what the model gave for a group. */
  void take(Group group, float[] output) {
    if (output.length != of(group)) {
      throw new IllegalStateException(
          "values: " + output.length + " (expected: " + of(group) + ")");
    }
    int each = each(group.tokens());
    int from = group.rows().size() * each;
    for (int i = 0; i < group.rows().size(); i++) {
      int row = group.rows().get(i);
      int own = own(row);
      System.arraycopy(output, i * each, values, starts[row], own);
      System.arraycopy(output, from, values, starts[row] + own, more(row));
      from += more(row);
    }
  }

  private int each(int tokens) {
    return head.perToken() ? Math.multiplyExact(tokens, width) : width;
  }

  private int own(int row) {
    return each(texts.get(row).tokens());
  }

  private int more(int row) {
    return starts[row + 1] - starts[row] - own(row);
  }

  /** The batch, all of whose groups came in. */
  EncodedBatch batch() {
    return new EncodedBatch(values, starts, width);
  }
}
