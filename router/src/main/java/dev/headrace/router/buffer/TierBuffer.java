package dev.headrace.router.buffer;

import dev.headrace.protocol.Tier;
import dev.headrace.router.buffer.TierQueue.Node;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Requests in the order in which they are to be served. Between tiers: in turn by their shares, see
 * {@link Turn}; inside a tier between tenants: likewise by their weights; of one tenant in one
 * tier: earliest deadline first. So a tenant that floods a tier delays its own requests, and others
 * only by its share.
 *
 * @param <T> what waits
 */
public final class TierBuffer<T> {

  /** Looks at what is next in order and says what becomes of it. */
  public interface Visitor<T> {
    Verdict visit(T item);
  }

  /**
   * What becomes of an item.
   *
   * @param taken whether it leaves the buffer
   * @param closes whether nothing more of its tenant is looked at in this tier and scan
   * @param cost device time that its tier and tenant are charged; for one that stays only until the
   *     scan ends
   */
  public record Verdict(boolean taken, boolean closes, double cost) {
    /** It leaves and costs this much. */
    public static Verdict take(double cost) {
      return new Verdict(true, false, cost);
    }

    /** It stays, and those behind it are looked at as if it had been served. */
    public static Verdict leave(double cost) {
      return new Verdict(false, false, cost);
    }

    /** It stays, and so does all else of its tenant. */
    public static Verdict shut() {
      return new Verdict(false, true, 0);
    }
  }

  private final Map<Tier, TierQueue<T>> queues = new EnumMap<>(Tier.class);
  private long sequence;

  /** A buffer in which all tenants weigh the same. */
  public TierBuffer(TierShares shares) {
    this(shares, TenantWeights.EQUAL);
  }

  public TierBuffer(TierShares shares, TenantWeights weights) {
    for (Tier tier : Tier.values()) {
      queues.put(tier, new TierQueue<>(shares.of(tier), weights));
    }
  }

  private TierQueue<T> queue(Tier tier) {
    return Objects.requireNonNull(queues.get(tier));
  }

  public void add(Tier tier, String tenant, Instant deadline, T item) {
    queue(tier).add(tenant, new Node<>(deadline, sequence++, item), queues.values());
  }

  /** How many have ever come in. */
  public long arrivals() {
    return sequence;
  }

  public int size(Tier tier) {
    return queue(tier).size();
  }

  /** Of one tenant, in all tiers. */
  public int size(String tenant) {
    int size = 0;
    for (TierQueue<T> queue : queues.values()) {
      size += queue.size(tenant);
    }
    return size;
  }

  public int size() {
    int size = 0;
    for (TierQueue<T> queue : queues.values()) {
      size += queue.size();
    }
    return size;
  }

  /**
   * Shows the items in order, until the buffer has been seen or this many were left.
   *
   * @return how many were taken
   */
  public int scan(int maxLeft, Visitor<T> visitor) {
    queues.values().forEach(TierQueue::begin);
    int taken = 0;
    int left = 0;
    try {
      // Of equal tiers the higher one, which comes last.
      for (TierQueue<T> queue = Turn.next(queues.values());
          queue != null && left < maxLeft;
          queue = Turn.next(queues.values())) {
        if (queue.visit(visitor, queues.values()).taken()) {
          taken++;
        } else {
          left++;
        }
      }
    } finally {
      queues.values().forEach(TierQueue::end);
    }
    return taken;
  }

  /**
   * Takes out what has no time left.
   *
   * @param ends whether an item whose deadline is over must end; the others stay where they are
   */
  public void takeExpired(Instant now, Predicate<T> ends, Consumer<T> expired) {
    queues.values().forEach(queue -> queue.takeExpired(now, ends, expired));
  }

  /** Takes out what matches. */
  public void takeIf(Predicate<T> matches, Consumer<T> taken) {
    queues.values().forEach(queue -> queue.takeIf(matches, taken));
  }
}
