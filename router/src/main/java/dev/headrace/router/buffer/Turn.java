package dev.headrace.router.buffer;

import java.util.Collection;
import org.jspecify.annotations.Nullable;

/**
 * One of those that are served in turn, in proportion to their shares: stride scheduling
 * (Waldspurger and Weihl, 1995). Each has a pass that grows by cost over share whenever it is
 * served, and the one with the smallest pass is next. One that had nothing to serve starts at the
 * pass of the others: it neither saves up what it did not use nor starves.
 */
abstract class Turn {
  /** So that free service, too, goes round in turn; in seconds (chosen: below any real cost). */
  private static final double LEAST_COST = 1e-6;

  private final double share;

  /** Cost over share of all that was served. */
  private double pass;

  /** The pass as this scan sees it: with what it left. */
  private double seen;

  Turn(double share) {
    this.share = share;
  }

  /** Whether it has something to serve now. */
  abstract boolean waits();

  /** It had nothing to serve, and now has. */
  final void join(Collection<? extends Turn> all) {
    pass = Math.max(pass, passOfOthers(all));
  }

  /** The smallest pass of the others that wait; of none, the largest of those served. */
  private double passOfOthers(Collection<? extends Turn> all) {
    double waiting = Double.POSITIVE_INFINITY;
    double served = 0;
    for (Turn other : all) {
      if (other != this) {
        served = Math.max(served, other.pass);
        if (other.waits()) {
          waiting = Math.min(waiting, other.pass);
        }
      }
    }
    return Double.isInfinite(waiting) ? served : waiting;
  }

  /** A scan begins. */
  final void look() {
    seen = pass;
  }

  /**
   * It was its turn.
   *
   * @param served whether what was looked at left, or is only seen as if it had
   */
  final void serve(double cost, boolean served) {
    double stride = Math.max(cost, LEAST_COST) / share;
    seen += stride;
    if (served) {
      pass += stride;
    }
  }

  /**
   * Whether it has had more than those that wait, and so must be remembered while it has nothing.
   */
  final boolean owes(Collection<? extends Turn> all) {
    for (Turn other : all) {
      if (other.waits() && other.pass < pass) {
        return true;
      }
    }
    return false;
  }

  /** The one to be served next, the last of equals; null when nobody waits. */
  static <T extends Turn> @Nullable T next(Collection<T> all) {
    T next = null;
    for (T turn : all) {
      if (turn.waits() && (next == null || ((Turn) turn).seen <= ((Turn) next).seen)) {
        next = turn;
      }
    }
    return next;
  }
}
