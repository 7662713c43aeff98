package dev.headrace.protocol;

/**
 * Text that every part of the wire can carry. A Java string may hold half of a surrogate pair;
 * UTF-8 cannot, and JSON writers refuse it. CloudEvents attributes hold no control characters.
 */
public final class WellFormed {
  private static final char REPLACEMENT = '\uFFFD';

  private WellFormed() {}

  /** Whether each surrogate is one of a pair. */
  public static boolean is(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isSurrogate(c)) {
        if (!isPair(text, i)) {
          return false;
        }
        i++;
      }
    }
    return true;
  }

  private static boolean isPair(String text, int i) {
    return Character.isHighSurrogate(text.charAt(i))
        && i + 1 < text.length()
        && Character.isLowSurrogate(text.charAt(i + 1));
  }

  /** The text with U+FFFD for half surrogate pairs and a space for each control character. */
  public static String of(String text) {
    StringBuilder out = null;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c >= ' ' && c < '\u007f') {
        continue; // nearly all
      }
      char kept = c;
      if (Character.isSurrogate(c)) {
        if (isPair(text, i)) {
          i++;
          continue;
        }
        kept = REPLACEMENT;
      } else if (Character.isISOControl(c)) {
        kept = ' ';
      }
      if (kept != c) {
        out = out == null ? new StringBuilder(text) : out;
        out.setCharAt(i, kept);
      }
    }
    return out == null ? text : out.toString();
  }
}
