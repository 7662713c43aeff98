package dev.headrace.policy;

import java.util.Locale;

/** Why a request went where it went; counted, and told with the result. */
public enum Reason {
  /** The cheapest of those that can run it, and in time. */
  CHEAPEST_IN_TIME,
  /** The cheapest that is in time; a cheaper one would have been late. */
  OVERFLOW,
  /** Nobody is in time; this one finishes first. */
  NONE_IN_TIME,
  /** A cheaper one, or the only other one, failed this request before. */
  EXCLUDED_AFTER_FAILURE,
  /** A cheaper one is not precise enough for it. */
  PRECISION,
  /** Another policy than the cheapest in time chose it. */
  CHOSEN_BY_POLICY,
  /** Nobody else can run it. */
  ONLY_CHOICE;

  private final String wireName = name().toLowerCase(Locale.ROOT);

  /** As in {@code cheapest_in_time}. */
  public String wireName() {
    return wireName;
  }
}
