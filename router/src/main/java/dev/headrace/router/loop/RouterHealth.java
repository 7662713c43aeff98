package dev.headrace.router.loop;

import java.util.ArrayList;
import java.util.List;

/**
 * How the router is.
 *
 * @param state the worst of all
 * @param reasons what is wrong; empty when up
 */
public record RouterHealth(State state, List<String> reasons) {
  /** From good to bad. */
  public enum State {
    UP,
    /** Something outside does not answer; it goes on as well as it can. */
    DEGRADED,
    /** It routes nothing. */
    DOWN
  }

  public RouterHealth {
    reasons = List.copyOf(reasons);
  }

  /** Up without reasons, else degraded. */
  static RouterHealth of(List<String> reasons) {
    return new RouterHealth(reasons.isEmpty() ? State.UP : State.DEGRADED, reasons);
  }

  /** This, and one more thing that is wrong. */
  public RouterHealth and(String reason) {
    List<String> all = new ArrayList<>(reasons);
    all.add(reason);
    return new RouterHealth(state == State.DOWN ? State.DOWN : State.DEGRADED, all);
  }

  public static RouterHealth down(String reason) {
    return new RouterHealth(State.DOWN, List.of(reason));
  }
}
