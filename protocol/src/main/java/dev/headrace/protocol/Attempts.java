package dev.headrace.protocol;

import java.util.ArrayList;
import java.util.List;

/**
 * What was tried so far.
 *
 * @param number of the attempt under way, 1 for the first
 * @param tried the device type of each attempt before this one, in order
 * @param excluded device types that must not be offered this request again
 */
public record Attempts(int number, List<String> tried, List<String> excluded) {
  public static final Attempts FIRST = new Attempts(1, List.of(), List.of());

  public Attempts {
    if (number < 1) {
      throw new IllegalArgumentException("attempt: " + number + " (expected: >= 1)");
    }
    tried = List.copyOf(tried);
    excluded = List.copyOf(excluded);
  }

  /** The next attempt after one on this device type failed. */
  public Attempts next(String deviceType, boolean exclude) {
    List<String> nowTried = new ArrayList<>(tried);
    nowTried.add(deviceType);
    List<String> nowExcluded = new ArrayList<>(excluded);
    if (exclude && !nowExcluded.contains(deviceType)) {
      nowExcluded.add(deviceType);
    }
    return new Attempts(number + 1, nowTried, nowExcluded);
  }
}
