package dev.headrace.router.buffer;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What waits in one tier: tenants in turn by their weights, of each the earliest deadline first.
 */
final class TierQueue<T> extends Turn {
  private final TenantWeights weights;
  private final Map<String, TenantQueue<T>> tenants = new LinkedHashMap<>();
  private int size;

  /** Of those, the ones whose tenant may be looked at in this scan. */
  private int open;

  TierQueue(double share, TenantWeights weights) {
    super(share);
    this.weights = weights;
  }

  /** One item, its deadline, and its place among equal ones. */
  record Node<T>(Instant deadline, long sequence, T item) implements Comparable<Node<T>> {
    @Override
    public int compareTo(Node<T> other) {
      int byDeadline = deadline.compareTo(other.deadline);
      return byDeadline != 0 ? byDeadline : Long.compare(sequence, other.sequence);
    }
  }

  /** One tenant's. */
  private static final class TenantQueue<T> extends Turn {
    private final PriorityQueue<Node<T>> nodes = new PriorityQueue<>();
    private final List<Node<T>> left = new ArrayList<>();
    private boolean shut;

    TenantQueue(double weight) {
      super(weight);
    }

    @Override
    boolean waits() {
      return !shut && !nodes.isEmpty();
    }

    void putBack() {
      nodes.addAll(left);
      left.clear();
      shut = false;
    }
  }

  @Override
  boolean waits() {
    return open > 0;
  }

  int size() {
    return size;
  }

  int size(String tenant) {
    TenantQueue<T> queue = tenants.get(tenant);
    return queue == null ? 0 : queue.nodes.size();
  }

  void add(String tenant, Node<T> node, Collection<TierQueue<T>> tiers) {
    if (size == 0) {
      join(tiers);
    }
    TenantQueue<T> queue = tenants.get(tenant);
    if (queue == null) {
      queue = new TenantQueue<>(weights.of(tenant));
      tenants.put(tenant, queue);
    }
    if (queue.nodes.isEmpty()) {
      queue.join(tenants.values());
    }
    queue.nodes.add(node);
    size++;
    open++;
  }

  void begin() {
    look();
    tenants.values().forEach(Turn::look);
  }

  /** Shows the next item, and does with it as told. */
  TierBuffer.Verdict visit(TierBuffer.Visitor<T> visitor, Collection<TierQueue<T>> tiers) {
    TenantQueue<T> queue = next();
    Node<T> node = queue.nodes.remove();
    open--;
    TierBuffer.Verdict verdict;
    boolean told = false;
    try {
      verdict = visitor.visit(node.item());
      told = true;
    } finally {
      if (!told) {
        queue.left.add(node); // a visitor that fails takes nothing
      }
    }
    if (verdict.taken()) {
      size--;
      queue.serve(verdict.cost(), tenants.values());
      serve(verdict.cost(), tiers);
      return verdict;
    }
    queue.left.add(node);
    if (verdict.closes()) {
      open -= queue.nodes.size();
      queue.shut = true;
    } else {
      queue.leave(verdict.cost());
      leave(verdict.cost());
    }
    return verdict;
  }

  private TenantQueue<T> next() {
    @Nullable TenantQueue<T> next = Turn.next(tenants.values());
    if (next == null) {
      throw new IllegalStateException("nobody waits (expected: an item)");
    }
    return next;
  }

  void end() {
    tenants.values().forEach(TenantQueue::putBack);
    forgetIdle();
    open = size;
  }

  private void forgetIdle() {
    tenants.values().removeIf(t -> t.nodes.isEmpty() && !t.owes(tenants.values()));
  }

  void takeExpired(Instant now, Predicate<T> ends, Consumer<T> expired) {
    for (TenantQueue<T> queue : tenants.values()) {
      Node<T> head = queue.nodes.peek();
      while (head != null && !now.isBefore(head.deadline())) {
        queue.nodes.remove();
        if (ends.test(head.item())) {
          size--;
          expired.accept(head.item());
        } else {
          queue.left.add(head);
        }
        head = queue.nodes.peek();
      }
      queue.putBack();
    }
    open = size;
  }

  void takeIf(Predicate<T> matches, Consumer<T> taken) {
    for (TenantQueue<T> queue : tenants.values()) {
      Iterator<Node<T>> all = queue.nodes.iterator();
      while (all.hasNext()) {
        T item = all.next().item();
        if (matches.test(item)) {
          all.remove();
          size--;
          taken.accept(item);
        }
      }
    }
    open = size;
  }
}
