package dev.headrace.sdk;

import java.util.List;

/**
 * What was found in one text.
 *
 * @param entities in the order of the text
 * @param truncated whether the text was longer than the model reads: nothing behind that was looked
 *     at
 */
public record TextEntities(List<Entity> entities, boolean truncated) {
  public TextEntities {
    entities = List.copyOf(entities);
  }

  /**
   * A name or the like.
   *
   * @param label what it is
   * @param score how sure the model is, 0 to 1
   * @param text as it stands in the input
   * @param start where it begins in the input, in Unicode code points from 0; {@link #startIn} in
   *     Java's chars
   * @param end where what follows it begins, in Unicode code points; {@link #endIn} in Java's chars
   */
  public record Entity(String label, double score, String text, int start, int end) {
    /** Where it begins in the input, as {@link String#substring} counts. */
    public int startIn(String input) {
      return input.offsetByCodePoints(0, start);
    }

    /** Where what follows it begins in the input, as {@link String#substring} counts. */
    public int endIn(String input) {
      return input.offsetByCodePoints(0, end);
    }
  }
}
