package dev.headrace.protocol.service;

/**
 * What a busy worker runs at once of a model that generates: texts join and leave at every step, so
 * all of these have begun, and only what comes beyond them waits.
 *
 * @param rows that fit, of those that were asked for lately; >= 1
 * @param seconds of device time for so many rows when they run together; 0 while none was seen
 */
public record SideBySide(double rows, double seconds) {
  /** A model that runs in one shot, or of which nothing is known. */
  public static final SideBySide NONE = new SideBySide(1, 0);

  public SideBySide {
    if (!(rows >= 1) || Double.isInfinite(rows)) {
      throw new IllegalArgumentException("rows: " + rows + " (expected: finite, >= 1)");
    }
    if (!(seconds >= 0) || Double.isInfinite(seconds)) {
      throw new IllegalArgumentException("seconds: " + seconds + " (expected: finite, >= 0)");
    }
  }
}
