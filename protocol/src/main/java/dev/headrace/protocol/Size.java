package dev.headrace.protocol;

/**
 * How much work a request is, as far as its sender could tell; routing reads this, not the body.
 *
 * @param rows input texts; of generated texts, prompts times choices
 * @param tokens of all rows' input together, an estimate
 * @param newTokens that are generated at most, of all rows together; 0 when none are
 */
public record Size(int rows, long tokens, long newTokens) {
  public Size {
    if (rows < 1) {
      throw new IllegalArgumentException("rows: " + rows + " (expected: >= 1)");
    }
    if (tokens < 0) {
      throw new IllegalArgumentException("tokens: " + tokens + " (expected: >= 0)");
    }
    if (newTokens < 0) {
      throw new IllegalArgumentException("newTokens: " + newTokens + " (expected: >= 0)");
    }
  }

  /** Work that generates nothing. */
  public Size(int rows, long tokens) {
    this(rows, tokens, 0);
  }

  /** English text has about four UTF-8 bytes a token (measured on the State of the Union texts). */
  public static Size ofBytes(int rows, long bytes) {
    return new Size(rows, Math.max(rows, bytes / 4));
  }
}
