package dev.headrace.bench.model;

import dev.headrace.worker.model.ModelDescription;
import dev.headrace.worker.text.InvalidTextException;
import dev.headrace.worker.text.TextTokenizer;
import dev.headrace.worker.text.TokenizedText;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** Texts in batches. */
public final class PassageBatches {
  /** Rows of a batch: what embedding libraries for Java use (issue 3). */
  public static final int BATCH = 32;

  private PassageBatches() {}

  /**
   * Evenly spread over all that there are, so that every length and time is in.
   *
   * @throws IllegalArgumentException when there are not so many
   */
  public static List<String> sample(List<String> all, int count) {
    if (count < 1 || count > all.size()) {
      throw new IllegalArgumentException(
          "passages: " + count + " (expected: 1.." + all.size() + ")");
    }
    List<String> some = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      some.add(all.get((int) ((long) i * all.size() / count)));
    }
    return some;
  }

  /** As the model reads them. */
  public static List<TokenizedText> tokenized(ModelDescription model, List<String> texts)
      throws IOException {
    List<TokenizedText> tokenized = new ArrayList<>(texts.size());
    try (TextTokenizer tokenizer = TextTokenizer.open(model)) {
      for (String text : texts) {
        tokenized.add(tokenizer.tokenize(text));
      }
    } catch (InvalidTextException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
    return tokenized;
  }

  /** In the order given. */
  static List<List<Integer>> inOrder(int count) {
    return batches(IntStream.range(0, count).boxed().toList());
  }

  /** Shortest first. */
  public static List<List<Integer>> sorted(List<TokenizedText> texts) {
    return batches(
        IntStream.range(0, texts.size())
            .boxed()
            .sorted(Comparator.comparingInt(i -> texts.get(i).tokens()))
            .toList());
  }

  private static List<List<Integer>> batches(List<Integer> order) {
    List<List<Integer>> batches = new ArrayList<>();
    for (int i = 0; i < order.size(); i += BATCH) {
      batches.add(order.subList(i, Math.min(order.size(), i + BATCH)));
    }
    return batches;
  }
}
