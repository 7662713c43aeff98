package dev.headrace.sdk.internal;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.InferenceRequest;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A request that waits for its outcome. Holds no body: that is dropped when Kafka has it. The
 * waiters belong to {@link PendingTable}.
 */
final class Pending {
  private final Address address;
  private final Instant submitted;
  private final Instant deadline;
  private final long startNanos;
  private final long sendByNanos;
  private final long overdueNanos;
  private final long giveUpNanos;
  private final List<Waiter> waiters = new ArrayList<>(1);
  private volatile boolean sent;
  private volatile @Nullable CacheSlot cacheSlot;
  private volatile boolean mayHaveEnded;

  private Pending(InferenceRequest request, long now, Limits limits, Duration slack) {
    this.address = request.address();
    this.submitted = request.time();
    this.deadline = request.expiry();
    this.startNanos = now;
    this.sendByNanos = now + limits.sendTimeout().toNanos();
    // Half of the grace is left for a look at the Kafka topic.
    this.overdueNanos = now + slack.plus(limits.grace().dividedBy(2)).toNanos();
    this.giveUpNanos = now + slack.plus(limits.grace()).toNanos();
  }

  /**
   * How long to wait.
   *
   * @param sendTimeout from submission to Kafka's acknowledgement
   * @param grace after the deadline
   */
  record Limits(Duration sendTimeout, Duration grace) {}

  /** A request that is submitted now. */
  static Pending of(
      InferenceRequest request,
      Waiter waiter,
      Limits limits,
      InstantSource clock,
      LongSupplier nanos) {
    Duration slack = Duration.between(clock.instant(), request.expiry());
    Pending pending =
        new Pending(request, nanos.getAsLong(), limits, slack.isNegative() ? Duration.ZERO : slack);
    pending.waiters.add(waiter);
    return pending;
  }

  String id() {
    return address.id();
  }

  Address address() {
    return address;
  }

  Instant submitted() {
    return submitted;
  }

  Instant deadline() {
    return deadline;
  }

  List<Waiter> waiters() {
    return waiters;
  }

  /** Whether Kafka has acknowledged it. */
  boolean sent() {
    return sent;
  }

  void markSent() {
    sent = true;
  }

  /**
   * Whether it may have had its outcome before it was submitted: then no reply announces it, and it
   * must be looked up once.
   */
  boolean mayHaveEnded() {
    return mayHaveEnded;
  }

  void mayHaveEnded(boolean may) {
    mayHaveEnded = may;
  }

  /** Where a result may be kept: its key, and the revision of the model that the key is for. */
  record CacheSlot(String key, String revision) {}

  /** Where its result may be kept, null when it may not. */
  @Nullable CacheSlot cacheSlot() {
    return cacheSlot;
  }

  void cacheSlot(CacheSlot slot) {
    cacheSlot = slot;
  }

  Duration age(long now) {
    return Duration.ofNanos(now - startNanos);
  }

  /** Whether Kafka should have it by now. */
  boolean sendOverdue(long now) {
    return !sent && now - sendByNanos >= 0;
  }

  /** Whether an outcome should be there by now. */
  boolean overdue(long now) {
    return now - overdueNanos >= 0;
  }

  /** Whether nobody waits any longer. */
  boolean givenUp(long now) {
    return now - giveUpNanos >= 0;
  }
}
