package dev.headrace.sdk.internal;

import dev.headrace.protocol.ErrorKind;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.transport.redis.OutcomeStore;
import java.time.Duration;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All that the sender asks of Redis. While Redis is away it is left alone: requests go on without
 * it. Owned by the sender's thread.
 */
final class SenderStore {
  private static final Logger LOG = LoggerFactory.getLogger(SenderStore.class);

  /** Each try at a Redis that hangs keeps requests from Kafka for its timeout. */
  private static final Duration REDIS_PAUSE = Duration.ofSeconds(2);

  private final OutcomeStore store;
  private final LocalAnswers answers;
  private final Cancellations cancellations;
  private final StoreGate gate;
  private @Nullable FailureException lastFailure;

  SenderStore(
      OutcomeStore store, LocalAnswers answers, Cancellations cancellations, LongSupplier nanos) {
    this.store = store;
    this.answers = answers;
    this.cancellations = cancellations;
    this.gate = new StoreGate("sender", REDIS_PAUSE, nanos);
  }

  /** Ends what can be ended without Kafka. */
  void endKnown(List<Submission> batch) {
    // An idle client leaves Redis alone: it does not even read heartbeats.
    if (!gate.open() || (batch.isEmpty() && cancellations.isEmpty())) {
      return;
    }
    try {
      cancellations.deliver();
      answers.answer(batch);
      gate.answered();
    } catch (FailureException e) {
      failed(e);
    }
  }

  /**
   * Leaves the request's body in Redis.
   *
   * @return why not, or null when it is there
   */
  @Nullable FailureException keepBody(InferenceRequest request) {
    if (!gate.open()) {
      return lastFailure;
    }
    try {
      store.putBlob(request.address(), request.payload().bytes());
      gate.answered();
      return null;
    } catch (FailureException e) {
      failed(e);
      return e;
    }
  }

  private void failed(FailureException e) {
    lastFailure = e;
    if (e.failure().code().kind() == ErrorKind.TRANSIENT) {
      gate.failed(e);
    } else {
      LOG.warn("Redis is of no help to a batch, going on without cause={}", e.getMessage());
    }
  }
}
