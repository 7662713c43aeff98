package dev.headrace.sdk.internal;

import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.event.OutcomeCodec;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.transport.kafka.OutcomeTail;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the outcomes that are waited for from Kafka, while Redis is away or may have lost them.
 * Open only as long as somebody wants it. Owned by the replies thread.
 */
final class OutcomeTopicReader {
  private static final Logger LOG = LoggerFactory.getLogger(OutcomeTopicReader.class);

  /** Workers' clocks may be behind ours by this much (chosen). */
  static final Duration CLOCK_SKEW = Duration.ofSeconds(10);

  private static final Duration RETRY_PAUSE = Duration.ofSeconds(5);

  private final OutcomeTail.Source source;
  private final String client;
  private final PendingTable table;
  private final LongSupplier nanos;

  private final Set<String> withoutBody = new HashSet<>();
  private @Nullable OutcomeTail tail;
  private Set<String> topics = Set.of();
  private Instant from = Instant.MAX;
  private long openAgainAt;

  OutcomeTopicReader(
      OutcomeTail.Source source, String client, PendingTable table, LongSupplier nanos) {
    this.source = source;
    this.client = client;
    this.table = table;
    this.nanos = nanos;
    this.openAgainAt = nanos.getAsLong();
  }

  /**
   * What must be read.
   *
   * @param topics where the outcomes are published
   * @param from submission of the oldest request whose outcome is looked for
   */
  record Need(Set<String> topics, Instant from) {}

  /** Opens, goes on or closes; null for no need. */
  void want(@Nullable Need need) {
    if (need == null) {
      close();
      return;
    }
    boolean covered =
        tail != null && topics.containsAll(need.topics()) && !need.from().isBefore(from);
    if (!covered && nanos.getAsLong() - openAgainAt >= 0) {
      open(need);
    }
  }

  private void open(Need need) {
    close();
    try {
      tail = source.open(need.topics(), need.from().minus(CLOCK_SKEW));
      topics = need.topics();
      from = need.from();
      LOG.info("reading outcomes from Kafka topics={} from={}", topics, from);
    } catch (FailureException e) {
      failed(e);
    }
  }

  private void failed(FailureException e) {
    LOG.warn("outcomes cannot be read from Kafka cause={}", e.getMessage());
    openAgainAt = nanos.getAsLong() + RETRY_PAUSE.toNanos();
  }

  boolean isOpen() {
    return tail != null;
  }

  /** Whether it has not yet read all that was there when it was opened. */
  boolean isBehind() {
    OutcomeTail open = tail;
    return open != null && !open.caughtUp();
  }

  /** Ends what the next records end; returns how many records it looked at. */
  int poll(Duration wait) {
    OutcomeTail open = tail;
    if (open == null) {
      return 0;
    }
    try {
      int seen = 0;
      for (WireRecord record : open.poll(wait)) {
        seen++;
        look(record);
      }
      return seen;
    } catch (FailureException e) {
      close();
      failed(e);
      return 0;
    }
  }

  private void look(WireRecord record) {
    byte[] key = record.key();
    Pending pending = key == null ? null : table.get(new String(key, StandardCharsets.UTF_8));
    if (pending == null) {
      return; // another client's, or done
    }
    try {
      Outcome outcome = OutcomeCodec.decode(record);
      if (!outcome.address().client().equals(client)) {
        return;
      }
      if (OutcomeCodec.reference(record) == null) {
        table.ended(outcome);
      } else {
        withoutBody.add(pending.id());
      }
    } catch (FailureException e) {
      LOG.warn("outcome cannot be read request={} cause={}", pending.id(), e.getMessage());
    }
  }

  /** Ids of requests that have ended and whose results only Redis may have. */
  Set<String> withoutBody() {
    return Set.copyOf(withoutBody);
  }

  void forgetWithoutBody() {
    withoutBody.clear();
  }

  void close() {
    OutcomeTail open = tail;
    tail = null;
    if (open != null) {
      open.close();
      LOG.info("no longer reading outcomes from Kafka");
    }
  }
}
