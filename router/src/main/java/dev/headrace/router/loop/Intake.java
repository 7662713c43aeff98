package dev.headrace.router.loop;

import dev.headrace.protocol.event.DeadLetter;
import dev.headrace.router.loop.Source.Load;
import dev.headrace.transport.kafka.EventConsumer;
import dev.headrace.transport.kafka.Received;
import dev.headrace.transport.kafka.Slot;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Takes records from Kafka and bounds what is in flight. A topic whose bound is reached is paused,
 * and so is a partition of a retry topic whose next record is not due; polling goes on. Retries
 * that wait do not count to their topics' bound, each tier's have a {@link RetryRoom}. The bound
 * may be passed by what one poll brings; retries that are not due are kept beside it, of each
 * partition what one poll brought.
 */
final class Intake {
  private final EventConsumer consumer;
  private final LoopConfig config;
  private final Map<String, Source> sources = Source.all();
  private int inFlight;

  /** Retries that are not due, by slot, in order. */
  private final Map<Slot, ArrayDeque<Due>> early = new HashMap<>();

  private final Set<Slot> paused = new HashSet<>();
  private boolean draining;

  private record Due(Received received, long atMs) {}

  Intake(EventConsumer consumer, LoopConfig config) {
    this.consumer = consumer;
    this.config = config;
  }

  /** The source of a record's topic; only those are subscribed. */
  Source source(Received received) {
    String topic = received.slot().topic();
    Source source = sources.get(topic);
    if (source == null) {
      throw new IllegalStateException(
          "topic: " + topic + " (expected: one of " + sources.keySet() + ")");
    }
    return source;
  }

  /**
   * Waits for records, and gives those that are due to {@code due}.
   *
   * @return how many
   */
  int poll(Duration timeout, long nowMs, Consumer<Received> due) {
    int count = releaseDue(nowMs, due);
    for (Received r : consumer.poll(count > 0 ? Duration.ZERO : timeout)) {
      long dueMs = dueMs(source(r), r, nowMs);
      if (dueMs > nowMs) {
        early.computeIfAbsent(r.slot(), s -> new ArrayDeque<>()).add(new Due(r, dueMs));
      } else {
        give(r, due);
        count++;
      }
    }
    return count;
  }

  private void give(Received received, Consumer<Received> due) {
    count(source(received).load(), received, 1);
    due.accept(received);
  }

  /** A record says itself when it is due, but never later than its topic's delay from now. */
  private static long dueMs(Source source, Received r, long nowMs) {
    Duration delay = source.delay();
    if (delay == null) {
      return nowMs;
    }
    long delayMs = delay.toMillis();
    long said = DeadLetter.number(r.record(), DeadLetter.RETRY_AT, r.timestampMs() + delayMs);
    return Math.min(said, nowMs + delayMs);
  }

  private int releaseDue(long nowMs, Consumer<Received> due) {
    int count = 0;
    for (ArrayDeque<Due> queue : early.values()) {
      for (Due head = queue.peek(); head != null && head.atMs <= nowMs; head = queue.peek()) {
        queue.remove();
        give(head.received, due);
        count++;
      }
    }
    early.values().removeIf(ArrayDeque::isEmpty);
    return count;
  }

  /** When the next retry is due; null when none waits. */
  @Nullable Long nextDueMs() {
    Long next = null;
    for (ArrayDeque<Due> queue : early.values()) {
      Due head = queue.peek();
      if (head != null && (next == null || head.atMs < next)) {
        next = head.atMs;
      }
    }
    return next;
  }

  /** A record is done: its offset may be committed. */
  void acknowledge(Received received, Load load) {
    count(load, received, -1);
    consumer.acknowledge(received);
  }

  /** A record is given up: it comes again, here or elsewhere. */
  void forget(Received received, Load load) {
    count(load, received, -1);
  }

  private void count(Load load, Received received, int sign) {
    inFlight += sign;
    load.add(received, sign);
  }

  /** Forgets the retries that are not ours any more; those of a slot that came back come again. */
  void dropRevoked() {
    early.values().forEach(queue -> queue.removeIf(d -> !consumer.owns(d.received)));
    early.values().removeIf(ArrayDeque::isEmpty);
  }

  /** Slots come, unpaused: what is bounded already must not deliver even once. */
  void assigned(Collection<Slot> slots) {
    paused.removeAll(slots);
    List<Slot> pause = slots.stream().filter(this::mustPause).toList();
    paused.addAll(pause);
    consumer.pause(pause);
  }

  private boolean mustPause(Slot slot) {
    return draining || early.containsKey(slot) || full(slot);
  }

  /** Pauses and resumes, so that only slots deliver whose records can be used. */
  void balance() {
    Set<Slot> assigned = consumer.assigned();
    paused.retainAll(assigned);
    List<Slot> pause = new ArrayList<>();
    List<Slot> resume = new ArrayList<>();
    for (Slot slot : assigned) {
      boolean stop = mustPause(slot);
      if (stop && paused.add(slot)) {
        pause.add(slot);
      } else if (!stop && paused.remove(slot)) {
        resume.add(slot);
      }
    }
    if (!pause.isEmpty()) {
      consumer.pause(pause);
    }
    if (!resume.isEmpty()) {
      consumer.resume(resume);
    }
  }

  private boolean full(Slot slot) {
    Source source = sources.get(slot.topic());
    return source != null
        && (source.load().requests() >= config.maxRequests()
            || source.load().bytes() >= config.maxBytes());
  }

  /** From now on nothing is taken. */
  void drain() {
    draining = true;
    early.clear();
  }

  /** Of those, the ones that came from the tier topics. */
  int taken() {
    int taken = 0;
    for (Source source : sources.values()) {
      taken += source.isRetry() ? 0 : source.load().requests();
    }
    return taken;
  }

  /** Given out and not done. */
  int inFlight() {
    return inFlight;
  }
}
