package dev.headrace.transport.testing;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.transport.kafka.EventProducer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/** Keeps what is sent, by topic. Completes at once, or when the test says so. */
public final class FakeProducer implements EventProducer {
  private record Send(String topic, WireRecord record, Callback callback) {}

  private final Map<String, List<WireRecord>> appended = new HashMap<>();
  private final Queue<Send> open = new ArrayDeque<>();
  private final Map<String, Failure> refused = new HashMap<>();
  private int maxValueBytes = Integer.MAX_VALUE;
  private boolean held;
  private @Nullable Failure failing;
  private int sends;
  private boolean closed;

  /** From now on sends wait for {@link #completeNext} or {@link #completeAll}. */
  public synchronized FakeProducer hold() {
    held = true;
    return this;
  }

  /** Completes what waits, and from now on sends complete at once. */
  public void release() {
    synchronized (this) {
      held = false;
    }
    completeAll();
  }

  /** From now on sends fail with BROKER_UNAVAILABLE and are not kept. */
  public void fail() {
    failWith(new Failure(ErrorCode.BROKER_UNAVAILABLE, "fake broker is down"));
  }

  /** From now on sends fail like this and are not kept; null ends it. */
  public synchronized void failWith(@Nullable Failure failure) {
    failing = failure;
  }

  /** From now on sends to this topic fail like this; null ends it. */
  public synchronized void refuse(String topic, @Nullable Failure failure) {
    if (failure == null) {
      refused.remove(topic);
    } else {
      refused.put(topic, failure);
    }
  }

  /** From now on larger values are refused with INPUT_TOO_LARGE. */
  public synchronized void limit(int bytes) {
    maxValueBytes = bytes;
  }

  @Override
  public void send(String topic, WireRecord record, Callback callback) {
    synchronized (this) {
      if (closed) {
        throw new IllegalStateException("producer is closed");
      }
      sends++;
      open.add(new Send(topic, record, callback));
      if (held) {
        return;
      }
    }
    completeAll();
  }

  /** Completes all sends that wait, in order. */
  public void completeAll() {
    while (completeNext()) {
      // until none waits
    }
  }

  /** Completes the oldest send that waits; false when there is none. */
  public boolean completeNext() {
    Send send;
    Failure failure;
    synchronized (this) {
      send = open.poll();
      if (send == null) {
        return false;
      }
      failure = failureOf(send);
      if (failure == null) {
        appended.computeIfAbsent(send.topic(), t -> new ArrayList<>()).add(send.record());
      }
    }
    send.callback().done(failure == null ? null : new FailureException(failure));
    return true;
  }

  private @Nullable Failure failureOf(Send send) {
    byte[] value = send.record().value();
    if (value != null && value.length > maxValueBytes) {
      return new Failure(ErrorCode.INPUT_TOO_LARGE, value.length + " bytes");
    }
    return refused.getOrDefault(send.topic(), failing);
  }

  /** The oldest send that waits is kept, but its sender is told that it failed. */
  public boolean loseNextAnswer() {
    Send send;
    synchronized (this) {
      send = open.poll();
      if (send == null) {
        return false;
      }
      appended.computeIfAbsent(send.topic(), t -> new ArrayList<>()).add(send.record());
    }
    send.callback()
        .done(new FailureException(ErrorCode.BROKER_UNAVAILABLE, "fake broker lost its answer"));
    return true;
  }

  /** What was appended to this topic. */
  public synchronized List<WireRecord> records(String topic) {
    return List.copyOf(appended.getOrDefault(topic, List.of()));
  }

  /** What was appended, by topic. */
  public synchronized Map<String, List<WireRecord>> records() {
    return Map.copyOf(appended);
  }

  /** Sends that wait. */
  public synchronized int waiting() {
    return open.size();
  }

  /** Calls of send. */
  public synchronized int sends() {
    return sends;
  }

  @Override
  public void close(Duration timeout) {
    synchronized (this) {
      closed = true;
    }
    completeAll();
  }
}
