package dev.headrace.sdk;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The class of one text.
 *
 * @param label the one with the highest score
 * @param scores of all labels, by descending score; they add up to 1 unless the model was trained
 *     to give several labels to a text
 */
public record Classification(String label, Map<String, Double> scores) {
  public Classification {
    scores = Collections.unmodifiableMap(new LinkedHashMap<>(scores));
  }

  /** The score of the label, 0 to 1. */
  public double score() {
    return scores.getOrDefault(label, 0.0);
  }
}
