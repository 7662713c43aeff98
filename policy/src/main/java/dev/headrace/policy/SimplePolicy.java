package dev.headrace.policy;

import dev.headrace.protocol.InferenceRequest;
import java.time.Instant;
import java.util.Locale;

/**
 * The policies that a user would compare with, which look at one thing each. None of them looks at
 * deadlines but {@link #PACK}; requests that should wait for a full lane do so.
 */
public enum SimplePolicy implements RoutingPolicy {
  /** Any lane, by a digest of the request's id: the same request goes the same way. */
  RANDOM {
    @Override
    int pick(Choice choice, InferenceRequest request) {
      return nth(choice, hash(request.id(), 0));
    }
  },
  /** The lanes in turn. */
  ROUND_ROBIN {
    @Override
    int pick(Choice choice, InferenceRequest request) {
      return nth(choice, choice.snapshot().decisions());
    }
  },
  /** A lane with a probability in proportion to how many such requests it can do in a second. */
  WEIGHTED_RANDOM {
    @Override
    int pick(Choice choice, InferenceRequest request) {
      double total = 0;
      for (int i = 0; i < choice.size(); i++) {
        total += choice.usable(i) ? speed(choice, i) : 0;
      }
      double left = (hash(request.id(), 0) >>> 11) * 0x1.0p-53 * total;
      int last = -1;
      for (int i = 0; i < choice.size(); i++) {
        if (choice.usable(i)) {
          last = i;
          left -= speed(choice, i);
          if (left < 0) {
            return i;
          }
        }
      }
      return last;
    }
  },
  /** The lane with the fewest requests for each worker. */
  SHORTEST_QUEUE {
    @Override
    int pick(Choice choice, InferenceRequest request) {
      return least(choice, i -> queue(choice, i));
    }
  },
  /** The lane with the fewest seconds of work for each worker. */
  LEAST_WORK {
    @Override
    int pick(Choice choice, InferenceRequest request) {
      return least(choice, i -> choice.wait(i));
    }
  },
  /**
   * Of two lanes at random the one with less work (Mitzenmacher, The Power of Two Choices, 2001).
   */
  POWER_OF_TWO {
    @Override
    int pick(Choice choice, InferenceRequest request) {
      int one = nth(choice, hash(request.id(), 0));
      int other = nth(choice, hash(request.id(), 1));
      return one < 0 || choice.wait(one) <= choice.wait(other) ? one : other;
    }
  },
  /** The lane that finishes first, whatever it costs. */
  EARLIEST_FINISH {
    @Override
    int pick(Choice choice, InferenceRequest request) {
      return choice.first();
    }
  },
  /** The cheapest lane that has room in its window; if all are full, the cheapest. */
  CHEAPEST_FIRST {
    @Override
    int pick(Choice choice, InferenceRequest request) {
      int open =
          least(
              choice,
              i ->
                  choice.snapshot().hasRoom(choice.laneIndex(i))
                      ? choice.cost(i)
                      : Double.POSITIVE_INFINITY);
      return open >= 0 ? open : least(choice, i -> choice.cost(i));
    }
  },
  /**
   * The busiest lane that still meets the deadline, so that others can be given back (as PolyServe
   * does); if none does, the one that finishes first.
   */
  PACK {
    @Override
    int pick(Choice choice, InferenceRequest request) {
      int busiest =
          least(choice, i -> choice.inTime(i) ? -choice.wait(i) : Double.POSITIVE_INFINITY);
      return busiest >= 0 ? busiest : choice.first();
    }
  };

  abstract int pick(Choice choice, InferenceRequest request);

  /** As in {@code round-robin}. */
  public String wireName() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** These policies predict nothing but the way through a lane. */
  @Override
  public Decision choose(InferenceRequest request, Snapshot snapshot, Instant now) {
    return Choice.decide(request, snapshot, now, 0, choice -> pick(choice, request));
  }

  private static double speed(Choice choice, int i) {
    return Math.max(1, choice.lane(i).workers()) / Math.max(choice.seconds(i), 1e-9);
  }

  private static double queue(Choice choice, int i) {
    return choice.snapshot().requests(choice.laneIndex(i)) / Math.max(1, choice.lane(i).workers());
  }

  /** The usable candidate of the least finite value, the first of equals; -1 when there is none. */
  private static int least(Choice choice, ByCandidate value) {
    int best = -1;
    double least = Double.POSITIVE_INFINITY;
    for (int i = 0; i < choice.size(); i++) {
      if (choice.usable(i)) {
        double v = value.of(i);
        if (v < least) {
          best = i;
          least = v;
        }
      }
    }
    return best;
  }

  private interface ByCandidate {
    double of(int i);
  }

  /** The n-th usable candidate, round and round. */
  private static int nth(Choice choice, long n) {
    int usable = 0;
    for (int i = 0; i < choice.size(); i++) {
      usable += choice.usable(i) ? 1 : 0;
    }
    if (usable == 0) {
      return -1;
    }
    long left = Math.floorMod(n, (long) usable);
    for (int i = 0; i < choice.size(); i++) {
      if (choice.usable(i) && left-- == 0) {
        return i;
      }
    }
    return -1;
  }

  /** A number that is spread well (the finaliser of SplitMix64, Steele et al., OOPSLA 2014). */
  private static long hash(String id, int salt) {
    long z = id.hashCode() * 0x9E3779B97F4A7C15L + salt * 0xD1B54A32D192ED03L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
