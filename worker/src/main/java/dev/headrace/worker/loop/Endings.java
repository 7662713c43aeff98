package dev.headrace.worker.loop;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.Detail;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Outcomes;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.naming.Topics;
import dev.headrace.transport.kafka.EventConsumer;
import dev.headrace.transport.kafka.Received;
import dev.headrace.transport.redis.OutcomeStore.Delivered;
import dev.headrace.transport.redis.ResultCache;
import dev.headrace.transport.redis.ResultCache.Settlement;
import dev.headrace.worker.failure.FailedRecords;
import dev.headrace.worker.failure.RetryPolicy;
import dev.headrace.worker.failure.RetryPolicy.Plan;
import dev.headrace.worker.loop.DeliveryCall.Append;
import dev.headrace.worker.loop.DeliveryCall.Confirm;
import dev.headrace.worker.loop.DeliveryCall.DeadLetter;
import dev.headrace.worker.loop.DeliveryCall.Deliver;
import java.math.BigDecimal;
import java.math.MathContext;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * How a job ends: each way hands its effects to the {@link DeliveryDesk} and acknowledges the
 * record when they are safe. What a job ends with here is its only end.
 */
final class Endings {
  private static final int DIGITS = 6;

  /** Of what is written without BigDecimal's exact expansion of a double. */
  private static final double SMALLEST = 1e-9;

  private static final double LARGEST = 1e9;

  private final Identity identity;
  private final EventConsumer consumer;
  private final DeliveryDesk delivery;
  private final InFlight inFlight;
  private final CrashWatch crashes;
  private final RetryPolicy retries;
  private final FailedRecords records;
  private final WorkerMetrics metrics;
  private final InstantSource clock;
  private final LongSupplier nanos;

  /** What the endings work with. */
  record Parts(
      EventConsumer consumer,
      DeliveryDesk delivery,
      InFlight inFlight,
      CrashWatch crashes,
      RetryPolicy retries,
      FailedRecords records,
      WorkerMetrics metrics) {}

  Endings(Identity identity, Parts parts, InstantSource clock, LongSupplier nanos) {
    this.identity = identity;
    this.consumer = parts.consumer();
    this.delivery = parts.delivery();
    this.inFlight = parts.inFlight();
    this.crashes = parts.crashes();
    this.retries = parts.retries();
    this.records = parts.records();
    this.metrics = parts.metrics();
    this.clock = clock;
    this.nanos = nanos;
  }

  /** Whether Kafka delivered the job's record before. */
  boolean redelivered(Job job) {
    return consumer.deliveries(job.received()) > 1;
  }

  /** Whether Kafka may soon give the job's record to nobody any more. */
  boolean wornOut(Job job) {
    return consumer.wornOut(job.received());
  }

  /** A record that holds no request. */
  void unreadable(Received received, Failure failure, @Nullable Address address) {
    inFlight.addUnreadable();
    metrics.deadLetter(failure.code());
    Runnable done =
        () -> {
          inFlight.removeUnreadable();
          consumer.acknowledge(received);
        };
    var letter = records.deadLetter(received, null, failure);
    if (address == null) {
      delivery.give(new DeadLetter(letter, null, null, done));
      return;
    }
    Outcome outcome = told(Outcomes.failed(address, failure, clock.instant(), identity.source()));
    metrics.outcome(outcome);
    delivery.give(new DeadLetter(letter, outcome, null, done));
  }

  /** OK, with this response. */
  void ok(Job job, byte[] body) {
    RowSet rows = job.rows();
    if (rows == null) {
      throw new IllegalStateException("response without rows request=" + job.name());
    }
    Outcome outcome =
        new Outcome(
            job.request().address(),
            Status.OK,
            null,
            clock.instant(),
            identity.source(),
            details(job, rows),
            body,
            job.request().trace());
    deliver(job, outcome, job.cacheable() ? outcome : null);
  }

  private Map<String, String> details(Job job, RowSet rows) {
    InferenceRequest request = job.request();
    Map<String, String> details = Outcomes.identity(request);
    details.put(Detail.REVISION, rows.model().revision());
    details.put(Detail.DEVICE_TYPE, identity.deviceType());
    details.put(Detail.WORKER, identity.workerId());
    long queueMs = queueMs(request, rows);
    metrics.served(queueMs, rows.deviceSeconds(), job.deadlineNanos() - nanos.getAsLong());
    details.put(Detail.QUEUE_MS, Long.toString(queueMs));
    details.put(Detail.SERVICE_MS, decimal(rows.deviceSeconds() * 1e3));
    details.put(Detail.USD, decimal(rows.deviceSeconds() * identity.usdPerHour() / 3600));
    if (rows.iterating()) {
      details.put(Detail.TOKENS, Long.toString(rows.promptTokens()));
      details.put(Detail.NEW_TOKENS, Long.toString(rows.newTokens()));
    } else if (job.work() != null) {
      details.put(Detail.TOKENS, Long.toString(job.work().tokens()));
    }
    details.put(Detail.CACHE, "miss");
    return details;
  }

  /** From submission, by the client's clock, to the start on the device, by ours. */
  private long queueMs(InferenceRequest request, RowSet rows) {
    Instant started = clock.instant().minusNanos(nanos.getAsLong() - rows.startedNanos());
    return Math.max(0, Duration.between(request.time(), started).toMillis());
  }

  /** Six significant digits, never in exponent form. */
  private static String decimal(double value) {
    if (value == 0) {
      return "0";
    }
    if (value < SMALLEST || value > LARGEST) {
      return new BigDecimal(value, new MathContext(DIGITS)).stripTrailingZeros().toPlainString();
    }
    int scale = DIGITS - 1 - (int) Math.floor(Math.log10(value));
    long unscaled =
        scale >= 0
            ? Math.round(value * Math.pow(10, scale))
            : Math.round(value / Math.pow(10, -scale)); // exact powers
    return Decimals.plain(unscaled, scale);
  }

  /** Another outcome stands: Kafka shall have it. */
  void standing(Job job, Delivered standing) {
    metrics.standing();
    begin(job);
    delivery.give(new Confirm(standing, settlement(job, standing.stored(), null), () -> over(job)));
  }

  /** The deadline is over. */
  void expired(Job job) {
    Outcome outcome = told(Outcomes.expired(job.request(), clock.instant(), identity.source()));
    deliver(job, outcome, null);
  }

  /** A standing outcome, CANCELLED, with what there was of the response by then. */
  Outcome partial(Job job, Outcome standing, byte[] partial) {
    RowSet rows = job.rows();
    if (rows == null) {
      throw new IllegalStateException("response without rows request=" + job.name());
    }
    return new Outcome(
        standing.address(),
        standing.status(),
        null,
        standing.time(),
        standing.source(),
        details(job, rows),
        partial,
        job.request().trace());
  }

  /** The deadline is over, with what there was of the response by then. */
  void expired(Job job, byte[] partial) {
    Outcome bare = Outcomes.expired(job.request(), clock.instant(), identity.source());
    Outcome outcome = partial(job, bare, partial);
    deliver(job, outcome, null);
  }

  /** FAILED and dead letter. */
  void failed(Job job, Failure failure) {
    Outcome outcome =
        told(Outcomes.failed(job.request(), failure, clock.instant(), identity.source()));
    metrics.outcome(outcome);
    metrics.deadLetter(failure.code());
    begin(job);
    delivery.give(
        new DeadLetter(
            records.deadLetter(job.received(), job.request(), failure),
            outcome,
            settlement(job, outcome, null),
            () -> over(job)));
  }

  /** Back to the router, to come again later. */
  void retryLater(Job job, Failure failure) {
    follow(job, failure, retries.later(job.request(), failure, clock.instant()));
  }

  /** Back to the router, to go to another device type. */
  void retryElsewhere(Job job, Failure failure) {
    follow(job, failure, retries.elsewhere(job.request(), failure, clock.instant()));
  }

  private void follow(Job job, Failure failure, Plan plan) {
    if (plan instanceof Plan.Expire) {
      expired(job);
    } else if (plan instanceof Plan.GiveUp giveUp) {
      failed(job, giveUp.failure());
    } else if (plan instanceof Plan.Retry retry) {
      metrics.retry(failure.code());
      begin(job);
      long due = clock.millis() + retry.delay().toMillis();
      InferenceRequest next = job.request().retried(retry.attempts());
      delivery.give(
          new Append(
              Topics.retry(retry.delay()),
              records.retry(job.received(), next, failure, due),
              () -> acknowledge(job)));
    }
  }

  /** No longer ours: it will be delivered again, perhaps to others. */
  void dropped(Job job) {
    if (!job.over()) {
      job.to(JobState.GONE);
      inFlight.remove(job);
      consumer.release(job.received());
    }
  }

  private static void begin(Job job) {
    job.to(JobState.ENDING);
  }

  private void deliver(Job job, Outcome outcome, @Nullable Outcome result) {
    metrics.outcome(outcome);
    begin(job);
    delivery.give(new Deliver(outcome, settlement(job, outcome, result), () -> over(job)));
  }

  private static @Nullable Settlement settlement(
      Job job, Outcome outcome, @Nullable Outcome result) {
    String key = job.cacheKey();
    return key == null ? null : new Settlement(key, ResultCache.tokenOf(outcome), result);
  }

  private void over(Job job) {
    crashes.ended(job.name());
    acknowledge(job);
  }

  private void acknowledge(Job job) {
    job.to(JobState.GONE);
    inFlight.remove(job);
    consumer.acknowledge(job.received());
  }

  /** An outcome that says which worker made it. */
  private Outcome told(Outcome o) {
    Map<String, String> details = new LinkedHashMap<>(o.details());
    details.put(Detail.DEVICE_TYPE, identity.deviceType());
    details.put(Detail.WORKER, identity.workerId());
    return new Outcome(
        o.address(), o.status(), o.failure(), o.time(), o.source(), details, o.body(), o.trace());
  }
}
