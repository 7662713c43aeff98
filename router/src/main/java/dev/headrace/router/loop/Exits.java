package dev.headrace.router.loop;

import dev.headrace.policy.Decision;
import dev.headrace.protocol.Address;
import dev.headrace.protocol.Assignment;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Outcomes;
import dev.headrace.protocol.event.DeadLetter;
import dev.headrace.protocol.event.Decoded;
import dev.headrace.protocol.event.RequestCodec;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.protocol.event.WorkCodec;
import dev.headrace.protocol.naming.Topics;
import dev.headrace.router.buffer.TierBuffer;
import dev.headrace.router.metrics.RouterMetrics;
import dev.headrace.router.state.RouterState;
import dev.headrace.router.tenant.Tenants;
import dev.headrace.transport.delivery.Delivery;
import dev.headrace.transport.kafka.Received;
import dev.headrace.transport.redis.OutcomeStore.Delivered;
import dev.headrace.transport.redis.ResultCache;
import dev.headrace.transport.redis.ResultCache.Settlement;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The ways by which a record leaves the router. Each brings it to where it is safe, a topic or an
 * outcome, and only then acknowledges it.
 */
final class Exits {
  private static final Logger LOG = LoggerFactory.getLogger(Exits.class);

  /**
   * Seconds of work that may go to one worker of a lane before the next has its turn (chosen: far
   * less than a lane's window).
   */
  private static final double BURST_SECONDS = 0.05;

  private static final int MAX_BURST = 64;

  private final Delivery delivery;
  private final Intake intake;
  private final TierBuffer<Entry> buffer;
  private final RouterState state;
  private final RouterMetrics metrics;
  private final InstantSource clock;
  private final String source;

  Exits(Parts parts, Intake intake, TierBuffer<Entry> buffer) {
    this.delivery = parts.delivery();
    this.state = parts.state();
    this.metrics = parts.metrics();
    this.clock = parts.clock();
    this.source = parts.config().source();
    this.intake = intake;
    this.buffer = buffer;
  }

  /** To the lane that was chosen. */
  void toLane(Entry entry, Decision.Place place) {
    InferenceRequest request = entry.request();
    String lane = place.target().name();
    Assignment assignment =
        new Assignment(lane, place.target().deviceType(), place.reason().wireName(), entry.leads());
    WireRecord work = WorkCodec.encode(request.assigned(assignment));
    if (entry.source().isRetry()) {
      work = work.with(RetryTrail.of(entry.received()));
    }
    state.sent(lane, place.seconds());
    metrics.decided(place.target(), request.tier(), place.reason());
    delivery.appendWork(
        Topics.work(lane),
        work,
        burst(place.seconds()),
        () -> {
          state.appended(lane, place.seconds());
          acknowledge(entry);
        },
        failure -> {
          state.withdrawn(lane, place.seconds());
          refused(entry, lane, failure);
        });
  }

  /** How many requests like this one in a row. */
  private static int burst(double seconds) {
    return (int) Math.max(1, Math.min(MAX_BURST, BURST_SECONDS / Math.max(seconds, 1e-9)));
  }

  /** Kafka does not take it: the request is too large, or something is wrong with the topic. */
  private void refused(Entry entry, String lane, Failure failure) {
    if (failure.code() == ErrorCode.INPUT_TOO_LARGE) {
      fail(entry, failure);
      return;
    }
    LOG.warn("lane closed for now lane={} cause={}", lane, failure);
    state.closed(lane);
    wait(entry);
  }

  /** It waits for a lane. */
  void wait(Entry entry) {
    InferenceRequest request = entry.request();
    buffer.add(request.tier(), request.tenant(), request.deadline(), entry);
  }

  /** To a retry topic, from which it comes back after the delay to ask again. */
  void park(Entry entry, Duration delay) {
    InferenceRequest request = entry.request();
    long dueMs = clock.millis() + delay.toMillis();
    WireRecord record =
        RequestCodec.encode(request)
            .with(RetryTrail.of(entry.received()))
            .with(
                DeadLetter.retryHeaders(
                    request.attempts().number(),
                    dueMs,
                    RetryTrail.firstTimestampMs(entry.received())));
    delivery.append(
        Topics.retry(delay), record, () -> acknowledge(entry), failure -> goAlone(entry, failure));
  }

  /** It cannot be parked, so it runs beside the identical one. */
  private void goAlone(Entry entry, Failure failure) {
    LOG.warn("request not parked id={} cause={}", entry.request().id(), failure);
    entry.resolve(null);
    wait(entry);
  }

  /** Answered with the result of an identical request. */
  void answer(Entry entry, Outcome cached) {
    Outcome outcome = cached.answering(Outcomes.waiting(entry.request()), clock.instant(), "hit");
    end(entry, outcome, null);
  }

  /** It has its outcome already. */
  void standing(Entry entry, Delivered standing) {
    metrics.standing(standing.stored().status());
    delivery.standing(standing, () -> acknowledge(entry));
  }

  /** There is no place for it to wait here: it asks again after this time. */
  void goRound(Entry entry, Duration delay) {
    Settlement lead = lead(entry);
    if (lead != null) {
      delivery.settle(lead);
    }
    park(entry, delay);
  }

  /** Its tenant has no device time left, and asked to be told. */
  void refuse(Entry entry, Tenants tenants) {
    double rate = tenants.terms(entry.request().tenant()).deviceSecondsPerSecond();
    refuse(entry, tenants, rate + " device seconds a second");
  }

  /** Its tenant has used this quota up, and asked to be told. */
  void refuse(Entry entry, Tenants tenants, String quota) {
    String tenant = entry.request().tenant();
    metrics.overQuota(tenants.label(tenant), "reject");
    fail(
        entry,
        new Failure(
            ErrorCode.QUOTA_EXCEEDED, "tenant: " + tenant + " (expected: at most " + quota + ")"));
  }

  /** Its deadline is over. */
  void expire(Entry entry) {
    end(entry, Outcomes.expired(entry.request(), clock.instant(), source), lead(entry));
  }

  private void end(Entry entry, Outcome outcome, @Nullable Settlement lead) {
    metrics.ended(outcome.status());
    delivery.outcome(outcome, lead, () -> acknowledge(entry));
  }

  /** It cannot be run: dead letter and outcome. */
  void fail(Entry entry, Failure failure) {
    InferenceRequest request = entry.request();
    Outcome outcome = Outcomes.failed(request, failure, clock.instant(), source);
    metrics.ended(outcome.status());
    WireRecord letter =
        deadLetter(
            entry.received(), failure, request.attempts().number(), request.attempts().tried());
    delivery.appendThenOutcome(
        Topics.DEAD_LETTERS, letter, outcome, lead(entry), () -> acknowledge(entry));
  }

  /** The record holds no request: dead letter, and an outcome when it says whose it is. */
  void malformed(Received received, Source from, Decoded.Malformed malformed) {
    Failure failure =
        new Failure(
            malformed.failure().code(), malformed.failure().message() + " at " + received.place());
    WireRecord letter = deadLetter(received, failure, 1, List.of());
    Runnable done = () -> intake.acknowledge(received, from.load());
    Address address = malformed.address();
    if (address == null) {
      delivery.append(Topics.DEAD_LETTERS, letter, done);
      return;
    }
    Outcome outcome = Outcomes.failed(address, failure, clock.instant(), source);
    metrics.ended(outcome.status());
    delivery.appendThenOutcome(Topics.DEAD_LETTERS, letter, outcome, done);
  }

  private WireRecord deadLetter(
      Received received, Failure failure, int attempts, List<String> tried) {
    metrics.deadLettered(failure.code());
    return received
        .record()
        .with(DeadLetter.headers(RetryTrail.origin(received), failure, attempts, tried));
  }

  /** It is not ours any more, or we stop: it comes again. */
  void forget(Entry entry) {
    intake.forget(entry.received(), entry.load());
  }

  private void acknowledge(Entry entry) {
    intake.acknowledge(entry.received(), entry.load());
  }

  /** The end of its leadership: those who follow it shall not wait for its lease to run out. */
  private static @Nullable Settlement lead(Entry entry) {
    String cacheKey = entry.leads();
    if (cacheKey == null) {
      return null;
    }
    String token = ResultCache.tokenOf(Outcomes.waiting(entry.request()));
    return new Settlement(cacheKey, token, null);
  }

  /** The time, for those who ask whether a deadline is over. */
  Instant now() {
    return clock.instant();
  }
}
