package dev.headrace.worker.text;

/**
 * A text as a model reads it. Immutable by agreement: the array is not copied, for a batch has
 * thousands.
 */
public final class TokenizedText {
  private static final int[] NO_TYPES = {};

  private final int[] ids;
  private final int[] types;
  private final boolean truncated;

  /** A text whose tokens are all of type 0. */
  public TokenizedText(int[] ids, boolean truncated) {
    this(ids, NO_TYPES, truncated);
  }

  /** A text, or a pair of texts whose tokens differ in type. */
  public TokenizedText(int[] ids, int[] types, boolean truncated) {
    this.ids = ids;
    this.types = types;
    this.truncated = truncated;
  }

  /** {@code ids [tokens]}, special tokens included. Not to be changed. */
  public int[] ids() {
    return ids;
  }

  /** {@code types [tokens]}, or empty where all are 0. Not to be changed. */
  public int[] types() {
    return types;
  }

  public int tokens() {
    return ids.length;
  }

  /** Whether the text was longer than the model reads. */
  public boolean truncated() {
    return truncated;
  }
}
