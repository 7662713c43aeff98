package dev.headrace.router.buffer;

import java.util.Collection;
import org.jspecify.annotations.Nullable;

/**
 * One of those that are served in turn, in proportion to their shares: stride scheduling
 * (Waldspurger and Weihl, 1995). Each has a pass that grows by cost over share whenever it is
 * served, and the one with the smallest pass is next. One that had nothing to serve, or did not
 * take what was offered, starts at the pass of the others: it neither saves up what it did not use
 * nor starves.
 */
abstract class Turn {
  /** So that free service, too, goes round in turn; in seconds (chosen: below any real cost). */
  private static final double LEAST_COST = 1e-6;

  private final double share;

  /** Cost over share of all that was served. */
  private double pass;

  /** The pass as this scan sees it: with what it left. */
  private double seen;

  /** Whether it was its turn in this scan and something of it stayed. */
  private boolean left;

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
    left = false;
  }

  /**
   * It was its turn, and what was looked at stays: it is seen as if it had been served.
   *
   * @param cost that it will have
   */
  final void leave(double cost) {
    seen += stride(cost);
    left = true;
  }

  /**
   * It was its turn, and what was looked at goes. Those before it that were left did not want what
   * it takes (another lane than theirs has room): they save that up no more than the idle do, else
   * it would stand behind all of theirs once they want the same.
   */
  final void serve(double cost, Collection<? extends Turn> all) {
    for (Turn other : all) {
      if (other != this && other.left) {
        other.pass = Math.max(other.pass, pass);
      }
    }
    seen += stride(cost);
    pass += stride(cost);
  }

  private double stride(double cost) {
    return Math.max(cost, LEAST_COST) / share;
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
