package dev.headrace.sdk.internal;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.ErrorKind;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.naming.Topics;
import dev.headrace.sdk.ResultLostException;
import dev.headrace.sdk.ResultTimeoutException;
import dev.headrace.transport.redis.OutcomeStore;
import dev.headrace.transport.redis.OutcomeStore.Delivered;
import dev.headrace.transport.redis.ReplyReader;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the outcomes of pending requests. In a step:
 *
 * <ol>
 *   <li>Redis: the ids that the reply stream announces since the last step, and their outcomes. The
 *       stream's position survives a lost connection, so nothing is missed.
 *   <li>A part of the sweep: after Redis was away, and now and then as a safety net, all pending
 *       requests are looked up, whatever the stream said.
 *   <li>Once a second the clock: what the sender could not look up is looked up; requests that are
 *       not sent in time fail, those that are given up get a last look and fail. It also decides
 *       whether outcomes must be read from Kafka: Redis is away; it was just away and may have come
 *       back with less than it had; it announced an outcome that it does not have; or requests are
 *       overdue, as when it lost its data without a sign.
 *   <li>Kafka, if it must be.
 * </ol>
 *
 * <p>Runs on the thread {@code headrace-sdk-replies}.
 */
final class Replies implements LoopThread.Step {
  private static final Logger LOG = LoggerFactory.getLogger(Replies.class);

  /** Outcomes of one pipelined call (chosen: they carry their bodies). */
  private static final int SLICE = 256;

  private static final Duration SCAN_INTERVAL = Duration.ofSeconds(1);

  private static final Duration REDIS_PAUSE = Duration.ofMillis(250);

  /**
   * For how long after Redis came back, or was seen to lack something, Kafka is read too (chosen):
   * an outcome that Redis took and lost is appended to Kafka within the workers' delivery, which
   * retries every 200 ms.
   */
  static final Duration CATCH_UP = Duration.ofSeconds(10);

  private final ReplyReader reader;
  private final OutcomeStore store;
  private final PendingTable table;
  private final OutcomeTopicReader topicReader;
  private final StoreGate gate;
  private final Limits limits;
  private final LongSupplier nanos;

  private final ArrayDeque<Pending> toSweep = new ArrayDeque<>();
  private long sweepAt;
  private long scanAt;
  private long catchUpUntil;

  /**
   * The thread's settings.
   *
   * @param pause longest wait for replies, and between tries when there is nothing to wait for
   * @param sendTimeout for messages
   * @param sweepInterval between two looks at all pending requests
   * @param fallbackAfter how long Redis may be away before Kafka is read
   */
  record Limits(
      Duration pause, Duration sendTimeout, Duration sweepInterval, Duration fallbackAfter) {}

  Replies(
      ReplyReader reader,
      OutcomeStore store,
      PendingTable table,
      OutcomeTopicReader topicReader,
      Limits limits,
      LongSupplier nanos) {
    this.reader = reader;
    this.store = store;
    this.table = table;
    this.topicReader = topicReader;
    this.gate = new StoreGate("replies", REDIS_PAUSE, nanos);
    this.limits = limits;
    this.nanos = nanos;
    long now = nanos.getAsLong();
    this.sweepAt = now + limits.sweepInterval().toNanos();
    this.scanAt = now;
    this.catchUpUntil = now;
  }

  @Override
  public boolean run() {
    if (gate.open()) {
      askRedis();
    }
    if (nanos.getAsLong() - scanAt >= 0) {
      scanAt = nanos.getAsLong() + SCAN_INTERVAL.toNanos();
      scan();
    }
    if (topicReader.isOpen()) {
      topicReader.poll(shared(limits.pause()));
    } else if (!gate.open()) {
      LockSupport.parkNanos(limits.pause().toNanos());
    }
    return true;
  }

  @Override
  public void close() {
    topicReader.close();
  }

  /** The wait for one source when the other must be waited for, too. */
  private Duration shared(Duration wait) {
    return topicReader.isOpen() && !gate.isDown() ? wait.dividedBy(10) : wait;
  }

  private void askRedis() {
    try {
      List<Pending> announced =
          pendingOf(reader.read(toSweep.isEmpty() ? shared(limits.pause()) : Duration.ZERO));
      fetch(announced);
      if (announced.stream().anyMatch(table::contains)) {
        // Stored before it was announced and not there: taken out, as by an eviction policy.
        catchUpUntil = nanos.getAsLong() + CATCH_UP.toNanos();
      }
      sweepSlice();
      if (gate.answered()) {
        catchUpUntil = nanos.getAsLong() + CATCH_UP.toNanos();
        sweepAll();
      }
    } catch (FailureException e) {
      requireStoreFailure(e);
    }
  }

  private void requireStoreFailure(FailureException e) {
    if (e.failure().code().kind() != ErrorKind.TRANSIENT) {
      LOG.error("Redis refuses to be read", e);
    }
    gate.failed(e);
  }

  private List<Pending> pendingOf(Iterable<String> ids) {
    List<Pending> known = new ArrayList<>();
    for (String id : ids) {
      Pending pending = table.get(id);
      if (pending != null) {
        known.add(pending);
      }
    }
    return known;
  }

  /** Looks these up and ends those that have their outcome. */
  private void fetch(List<Pending> all) {
    for (int from = 0; from < all.size(); from += SLICE) {
      List<Pending> slice = all.subList(from, Math.min(all.size(), from + SLICE));
      try {
        find(slice);
      } catch (FailureException e) {
        if (e.failure().code().kind() == ErrorKind.TRANSIENT) {
          throw e;
        }
        slice.forEach(this::findAlone);
      }
    }
  }

  private void find(List<Pending> slice) {
    List<Address> addresses = slice.stream().map(Pending::address).toList();
    for (Optional<Delivered> found : store.find(addresses)) {
      found.ifPresent(delivered -> table.ended(delivered.stored()));
    }
  }

  /** One outcome that cannot be read must not hide the others of its slice. */
  private void findAlone(Pending pending) {
    try {
      find(List.of(pending));
    } catch (FailureException e) {
      if (e.failure().code().kind() == ErrorKind.TRANSIENT) {
        throw e;
      }
      String message = "outcome of request " + pending.id() + " cannot be read: " + e.getMessage();
      table.failed(pending, new ResultLostException(pending.id(), message, e));
    }
  }

  private void sweepAll() {
    toSweep.clear();
    toSweep.addAll(table.all());
    sweepAt = nanos.getAsLong() + limits.sweepInterval().toNanos();
  }

  private void sweepSlice() {
    if (toSweep.isEmpty() && nanos.getAsLong() - sweepAt >= 0) {
      sweepAll();
    }
    List<Pending> slice = new ArrayList<>();
    while (slice.size() < SLICE && !toSweep.isEmpty()) {
      Pending next = toSweep.removeFirst();
      if (table.contains(next)) {
        slice.add(next);
      }
    }
    fetch(slice);
  }

  private void scan() {
    long now = nanos.getAsLong();
    failUnsent(now);
    lookOnce();
    failWithoutBody();
    giveUp(now);
    topicReader.want(need(now));
  }

  private void failUnsent(long now) {
    for (Pending pending : matching(p -> p.sendOverdue(now))) {
      table.failed(pending, Sender.sendFailed(pending, limits.sendTimeout(), null));
    }
  }

  /** What the sender could not look up before it sent it. */
  private void lookOnce() {
    List<Pending> unknown = matching(p -> p.sent() && p.mayHaveEnded());
    look(unknown);
    if (!gate.isDown()) {
      unknown.forEach(p -> p.mayHaveEnded(false));
    }
  }

  /** Outcomes that Kafka has by reference: either Redis has the body now, or nobody has. */
  private void failWithoutBody() {
    List<Pending> ended = pendingOf(topicReader.withoutBody());
    look(ended);
    if (gate.isDown()) {
      return; // to be seen when it is back
    }
    topicReader.forgetWithoutBody();
    for (Pending pending : ended) {
      String message =
          "request "
              + pending.id()
              + " has ended, but Redis has lost its result (too large for"
              + " the topic of outcomes)";
      table.failed(pending, new ResultLostException(pending.id(), message, null));
    }
  }

  private void giveUp(long now) {
    List<Pending> late = matching(p -> p.givenUp(now));
    look(late);
    for (Pending pending : late) {
      String message =
          "request "
              + pending.id()
              + ": no outcome "
              + pending.age(now)
              + " after its submission (expected: by its deadline "
              + pending.deadline()
              + ")";
      table.failed(pending, new ResultTimeoutException(pending.id(), message));
    }
  }

  private void look(List<Pending> some) {
    if (some.isEmpty() || gate.isDown()) {
      return;
    }
    try {
      fetch(some);
    } catch (FailureException e) {
      requireStoreFailure(e);
    }
  }

  private OutcomeTopicReader.@Nullable Need need(long now) {
    boolean all =
        gate.downFor(limits.fallbackAfter()) || catchUpUntil - now > 0 || topicReader.isBehind();
    List<Pending> missing = matching(p -> p.sent() && (all || p.overdue(now)));
    if (missing.isEmpty()) {
      return null;
    }
    Set<String> topics = new HashSet<>();
    for (Pending pending : missing) {
      String replyTo = pending.address().replyTo();
      topics.add(replyTo == null ? Topics.OUTCOMES : replyTo);
    }
    Instant oldest =
        missing.stream().map(Pending::submitted).min(Comparator.naturalOrder()).orElseThrow();
    return new OutcomeTopicReader.Need(topics, oldest);
  }

  private List<Pending> matching(Predicate<Pending> condition) {
    return table.all().stream().filter(condition).toList();
  }
}
