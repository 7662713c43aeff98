package dev.headrace.sdk.internal;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.ErrorKind;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.Payload;
import dev.headrace.protocol.event.RequestCodec;
import dev.headrace.protocol.naming.RedisKeys;
import dev.headrace.protocol.naming.Topics;
import dev.headrace.sdk.SendFailedException;
import dev.headrace.transport.kafka.EventProducer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Sends requests: takes a batch from the queue, ends what can be ended from Redis, leaves large
 * bodies in Redis, appends the rest to Kafka. What Redis or Kafka did not take is tried again until
 * the request's send timeout; then its future fails. While Redis is away, requests go to Kafka
 * without a look at outcomes and cache.
 *
 * <p>Runs on the thread {@code headrace-sdk-sender}; only Kafka's callbacks come from another.
 */
final class Sender implements LoopThread.Step {
  /** Requests of one pipelined call (chosen: 512 cache keys are 50 KB). */
  private static final int MAX_BATCH = 512;

  private static final Duration RETRY_PAUSE = Duration.ofMillis(200);

  private final SendQueue queue;
  private final PendingTable table;
  private final SenderStore redis;
  private final EventProducer producer;
  private final Limits limits;
  private final LongSupplier nanos;

  private final ArrayDeque<Again> again = new ArrayDeque<>();
  private final Queue<Again> refused = new ConcurrentLinkedQueue<>();
  private final AtomicInteger inFlight = new AtomicInteger();
  private volatile boolean draining;

  /**
   * The sender's settings.
   *
   * @param idle wait for a request, after which other work is looked for
   * @param inlineBytes largest body in a Kafka record
   * @param sendTimeout for messages
   */
  record Limits(Duration idle, long inlineBytes, Duration sendTimeout) {}

  /** A submission that was not taken, when to try again, and why it was not. */
  private record Again(Submission submission, long at, FailureException cause) {}

  Sender(
      SendQueue queue,
      PendingTable table,
      SenderStore redis,
      EventProducer producer,
      Limits limits,
      LongSupplier nanos) {
    this.queue = queue;
    this.table = table;
    this.redis = redis;
    this.producer = producer;
    this.limits = limits;
    this.nanos = nanos;
  }

  /** Asks to send what is queued and then to end. */
  void drain() {
    draining = true;
    queue.wake();
  }

  @Override
  public boolean run() throws InterruptedException {
    List<Submission> batch = queue.take(MAX_BATCH, limits.idle().toNanos());
    List<Submission> wanted = batch.stream().filter(this::wanted).toList();
    redis.endKnown(wanted);
    for (Submission submission : wanted) {
      if (wanted(submission)) {
        send(submission);
      }
    }
    sendAgain();
    return !(draining && drained());
  }

  private boolean drained() {
    // In this order: a callback puts into refused before it leaves inFlight.
    return queue.isEmpty() && inFlight.get() == 0 && refused.isEmpty() && again.isEmpty();
  }

  /**
   * Whether it still must be sent. One that was cancelled before it was sent need not, unless a
   * reply topic waits for that outcome too: then the router brings it there.
   */
  private boolean wanted(Submission submission) {
    return table.contains(submission.pending()) || submission.request().address().replyTo() != null;
  }

  private void send(Submission submission) {
    if (submission.pending().sendOverdue(nanos.getAsLong())) {
      giveUp(submission, null);
      return;
    }
    InferenceRequest request = submission.request();
    Payload payload = request.payload();
    if (payload.reference() == null && payload.bytes().length > limits.inlineBytes()) {
      sendByReference(submission);
    } else {
      append(submission);
    }
  }

  private void sendByReference(Submission submission) {
    InferenceRequest request = submission.request();
    FailureException failure = redis.keepBody(request);
    if (failure != null) {
      again.addLast(later(submission, failure));
      return;
    }
    Address address = request.address();
    String key = RedisKeys.blob(address.client(), address.id());
    append(submission.with(request.withPayload(Payload.byReference(key))));
  }

  private void append(Submission submission) {
    InferenceRequest request = submission.request();
    inFlight.incrementAndGet();
    producer.send(
        Topics.requests(request.tier()),
        RequestCodec.encode(request),
        failure -> {
          if (failure == null) {
            submission.pending().markSent();
          } else if (failure.failure().code().kind() == ErrorKind.INVALID_REQUEST) {
            giveUp(submission, failure);
          } else {
            // Also when the topic does not exist: the first router to start creates it.
            refused.add(later(submission, failure));
          }
          inFlight.decrementAndGet();
          if (draining) {
            queue.wake();
          }
        });
  }

  private Again later(Submission submission, FailureException cause) {
    return new Again(submission, nanos.getAsLong() + RETRY_PAUSE.toNanos(), cause);
  }

  private void sendAgain() {
    for (Again one = refused.poll(); one != null; one = refused.poll()) {
      again.addLast(one);
    }
    long now = nanos.getAsLong();
    for (int left = again.size(); left > 0 && now - again.getFirst().at() >= 0; left--) {
      Again one = again.removeFirst();
      if (one.submission().pending().sendOverdue(now)) {
        giveUp(one.submission(), one.cause());
      } else if (wanted(one.submission())) {
        send(one.submission());
      }
    }
  }

  private void giveUp(Submission submission, @Nullable FailureException cause) {
    Pending pending = submission.pending();
    table.failed(pending, sendFailed(pending, limits.sendTimeout(), cause));
  }

  /** What a future gets that could not be sent. */
  static SendFailedException sendFailed(
      Pending pending, Duration timeout, @Nullable FailureException cause) {
    String why = cause == null ? "not acknowledged by Kafka within " + timeout : cause.getMessage();
    return new SendFailedException(
        pending.id(), "request " + pending.id() + " was not sent: " + why, cause);
  }
}
