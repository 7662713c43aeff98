package dev.headrace.router.buffer;

import dev.headrace.protocol.Tier;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Requests in the order in which they are to be served. Inside a tier: earliest deadline first.
 * Between tiers: stride scheduling (Waldspurger and Weihl, 1995). Each tier has a pass that grows
 * by cost over share whenever it is served, and the tier with the smallest pass is next. A tier
 * that was empty starts at the pass of the others: it neither saves up what it did not use nor
 * starves.
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
   * @param cost device time that its tier is charged; for one that stays only until the scan ends
   */
  public record Verdict(boolean taken, double cost) {
    /** It leaves and costs this much. */
    public static Verdict take(double cost) {
      return new Verdict(true, cost);
    }

    /** It stays, and those behind it are looked at as if it had been served. */
    public static Verdict leave(double cost) {
      return new Verdict(false, cost);
    }
  }

  private record Node<T>(Instant deadline, long sequence, T item) implements Comparable<Node<T>> {
    @Override
    public int compareTo(Node<T> other) {
      int byDeadline = deadline.compareTo(other.deadline);
      return byDeadline != 0 ? byDeadline : Long.compare(sequence, other.sequence);
    }
  }

  /** One tier. */
  private static final class Queue<T> {
    private final double share;
    private final PriorityQueue<Node<T>> nodes = new PriorityQueue<>();
    private final List<Node<T>> left = new ArrayList<>();

    /** Cost over share of all that was served. */
    private double pass;

    /** The pass as this scan sees it: with what it left. */
    private double seen;

    Queue(double share) {
      this.share = share;
    }
  }

  /** So that free service, too, goes round in turn; in seconds (chosen: below any real cost). */
  private static final double LEAST_COST = 1e-6;

  private final Map<Tier, Queue<T>> queues = new EnumMap<>(Tier.class);
  private long sequence;

  public TierBuffer(TierShares shares) {
    for (Tier tier : Tier.values()) {
      queues.put(tier, new Queue<>(shares.of(tier)));
    }
  }

  private Queue<T> queue(Tier tier) {
    return Objects.requireNonNull(queues.get(tier));
  }

  public void add(Tier tier, Instant deadline, T item) {
    Queue<T> queue = queue(tier);
    if (queue.nodes.isEmpty()) {
      queue.pass = Math.max(queue.pass, passOfOthers(queue));
    }
    queue.nodes.add(new Node<>(deadline, sequence++, item));
  }

  /** The smallest pass of the other tiers that wait; of none, the largest of those served. */
  private double passOfOthers(Queue<T> queue) {
    double waiting = Double.POSITIVE_INFINITY;
    double served = 0;
    for (Queue<T> other : queues.values()) {
      if (other != queue) {
        served = Math.max(served, other.pass);
        if (!other.nodes.isEmpty()) {
          waiting = Math.min(waiting, other.pass);
        }
      }
    }
    return Double.isInfinite(waiting) ? served : waiting;
  }

  /** How many have ever come in. */
  public long arrivals() {
    return sequence;
  }

  public int size(Tier tier) {
    return queue(tier).nodes.size();
  }

  public int size() {
    int size = 0;
    for (Queue<T> queue : queues.values()) {
      size += queue.nodes.size();
    }
    return size;
  }

  /**
   * Shows the items in order, until the buffer has been seen or this many were left.
   *
   * @return how many were taken
   */
  public int scan(int maxLeft, Visitor<T> visitor) {
    queues.values().forEach(q -> q.seen = q.pass);
    int taken = 0;
    int left = 0;
    try {
      for (Queue<T> queue = next(); queue != null && left < maxLeft; queue = next()) {
        Node<T> node = queue.nodes.remove();
        Verdict verdict = visitor.visit(node.item);
        double stride = Math.max(verdict.cost, LEAST_COST) / queue.share;
        queue.seen += stride;
        if (verdict.taken) {
          queue.pass += stride;
          taken++;
        } else {
          queue.left.add(node);
          left++;
        }
      }
    } finally {
      for (Queue<T> queue : queues.values()) {
        queue.nodes.addAll(queue.left);
        queue.left.clear();
      }
    }
    return taken;
  }

  /** The tier to be served next; the higher one when two are equal. */
  private @Nullable Queue<T> next() {
    Queue<T> next = null;
    for (Queue<T> queue : queues.values()) {
      if (!queue.nodes.isEmpty() && (next == null || queue.seen <= next.seen)) {
        next = queue;
      }
    }
    return next;
  }

  /**
   * Takes out what has no time left.
   *
   * @param ends whether an item whose deadline is over must end; the others stay where they are
   */
  public void takeExpired(Instant now, Predicate<T> ends, Consumer<T> expired) {
    for (Queue<T> queue : queues.values()) {
      Node<T> head = queue.nodes.peek();
      while (head != null && !now.isBefore(head.deadline)) {
        queue.nodes.remove();
        if (ends.test(head.item)) {
          expired.accept(head.item);
        } else {
          queue.left.add(head);
        }
        head = queue.nodes.peek();
      }
      queue.nodes.addAll(queue.left);
      queue.left.clear();
    }
  }

  /** Takes out what matches. */
  public void takeIf(Predicate<T> matches, Consumer<T> taken) {
    for (Queue<T> queue : queues.values()) {
      Iterator<Node<T>> all = queue.nodes.iterator();
      while (all.hasNext()) {
        T item = all.next().item;
        if (matches.test(item)) {
          all.remove();
          taken.accept(item);
        }
      }
    }
  }
}
