package dev.headrace.policy;

import java.util.Locale;

/** Why a request can go nowhere. */
public enum Obstacle {
  /** No worker reports the model. */
  UNKNOWN_MODEL,
  /** Workers report the model, none of them for this task. */
  UNKNOWN_TASK,
  /** Workers that serve it exist, none is ready. */
  NO_WORKER,
  /** Those that serve it are less precise than it demands. */
  NOT_PRECISE_ENOUGH,
  /** Nobody can finish it before its deadline, and it is not to be tried then. */
  NONE_IN_TIME,
  /** Every device type that could run it failed this request before. */
  ALL_EXCLUDED;

  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
