package dev.headrace.protocol.body;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * How the labels of tokens become those of entities; names and meaning are those of {@code
 * aggregation_strategy} in transformers' token classification.
 */
public enum Aggregation {
  /** Every token that has a label is an entity, its label as the model calls it: {@code B-PER}. */
  NONE("none"),
  /** Neighbouring tokens of one label are one entity; a word may fall into several. */
  SIMPLE("simple"),
  /** A word has the label of its first token. */
  FIRST("first"),
  /** A word has the label with the highest mean score over its tokens. */
  AVERAGE("average"),
  /** A word has the label of the token that is surest of its own. */
  MAX("max");

  private final String wireName;

  Aggregation(String wireName) {
    this.wireName = wireName;
  }

  public String wireName() {
    return wireName;
  }

  /** The one with this wire name. */
  public static Optional<Aggregation> ofWireName(String name) {
    return Arrays.stream(values()).filter(a -> a.wireName.equals(name)).findFirst();
  }

  /** All wire names, for messages that say what was expected. */
  public static String expected() {
    return Arrays.stream(values()).map(Aggregation::wireName).collect(Collectors.joining(", "));
  }
}
