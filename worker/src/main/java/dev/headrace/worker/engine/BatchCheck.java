package dev.headrace.worker.engine;

import dev.headrace.worker.model.ModelDescription;
import dev.headrace.worker.text.TokenizedText;
import java.util.List;

/**
 * Refuses texts that a model does not take. An id out of range would crash the process on a GPU, so
 * nothing unchecked passes.
 */
record BatchCheck(ModelDescription model) {
  /**
   * The tokens of each text.
   *
   * @throws IllegalArgumentException names the row
   */
  int[] lengths(List<TokenizedText> texts) {
    int[] lengths = new int[texts.size()];
    for (int row = 0; row < lengths.length; row++) {
      lengths[row] = check(row, texts.get(row));
    }
    return lengths;
  }

  private int check(int row, TokenizedText text) {
    int[] tokens = text.ids();
    if (tokens.length < 1 || tokens.length > model.maxTokens()) {
      throw new IllegalArgumentException(
          "row " + row + ": " + tokens.length + " tokens (expected: 1.." + model.maxTokens() + ")");
    }
    checkRange("row " + row + ": token id ", tokens, model.config().vocabulary());
    checkRange("row " + row + ": token type ", text.types(), model.config().typeVocabulary());
    return tokens.length;
  }

  private static void checkRange(String what, int[] values, int limit) {
    for (int value : values) {
      if (value < 0 || value >= limit) {
        throw new IllegalArgumentException(what + value + " (expected: 0.." + (limit - 1) + ")");
      }
    }
  }
}
