package dev.headrace.worker.generate.text;

import java.util.List;

/**
 * Cuts a growing text before the first of some strings, wherever the borders of its pieces fall,
 * and holds back what may turn out to be the beginning of one.
 */
final class StopStrings {
  private final List<String> stops;
  private final StringBuilder held = new StringBuilder();
  private boolean found;

  StopStrings(List<String> stops) {
    this.stops = stops.stream().filter(s -> !s.isEmpty()).toList();
  }

  /** Whether one came; nothing is let through any more. */
  boolean found() {
    return found;
  }

  /** Takes a piece and lets through what is certain. */
  String add(String piece) {
    if (found || piece.isEmpty()) {
      return "";
    }
    if (stops.isEmpty()) {
      return piece;
    }
    held.append(piece);
    int cut = first();
    if (cut >= 0) {
      found = true;
      String text = held.substring(0, cut);
      held.setLength(0);
      return text;
    }
    return release(held.length() - undecided());
  }

  /** What was held back, when nothing follows. */
  String flush() {
    return found ? "" : release(held.length());
  }

  private String release(int length) {
    String text = held.substring(0, length);
    held.delete(0, length);
    return text;
  }

  /**
   * Where the string begins that is complete first, of several the longest; -1 for none. So it does
   * not matter whether the pieces are letters or sentences.
   */
  private int first() {
    int start = -1;
    int end = Integer.MAX_VALUE;
    for (String stop : stops) {
      int at = held.indexOf(stop);
      int behind = at + stop.length();
      if (at >= 0 && (behind < end || (behind == end && at < start))) {
        start = at;
        end = behind;
      }
    }
    return start;
  }

  /** Length of the longest end that begins a stop string. */
  private int undecided() {
    int longest = 0;
    for (String stop : stops) {
      for (int n = Math.min(stop.length() - 1, held.length()); n > longest; n--) {
        if (stop.startsWith(held.substring(held.length() - n))) {
          longest = n;
        }
      }
    }
    return longest;
  }
}
