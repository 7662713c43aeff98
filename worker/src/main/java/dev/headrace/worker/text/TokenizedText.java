package dev.headrace.worker.text;

/**
 * A text as a model reads it. Immutable by agreement: the array is not copied, for a batch has
 * thousands.
 */
public final class TokenizedText {
  private final int[] ids;
  private final boolean truncated;

  public TokenizedText(int[] ids, boolean truncated) {
    this.ids = ids;
    this.truncated = truncated;
  }

  /** {@code ids [tokens]}, special tokens included. Not to be changed. */
  public int[] ids() {
    return ids;
  }

  public int tokens() {
    return ids.length;
  }

  /** Whether the text was longer than the model reads. */
  public boolean truncated() {
    return truncated;
  }
}
