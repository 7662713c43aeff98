package dev.headrace.worker.loop;

import dev.headrace.protocol.Assignment;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.transport.kafka.Received;
import dev.headrace.worker.batch.Urgency;
import dev.headrace.worker.task.Work;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One record in flight. Owned by the loop. */
final class Job {
  private final long number;
  private final Received received;
  private final InferenceRequest request;
  private final String name;
  private final long arrivedNanos;
  private final long deadlineNanos;
  private JobState state = JobState.CHECKING;
  private @Nullable Work work;
  private @Nullable RowSet rows;
  private boolean cacheable;
  private double estimatedSeconds;

  /**
   * A record that was taken.
   *
   * @param number unique in this worker's life
   * @param arrivedNanos when it was taken
   * @param deadlineNanos its deadline by the same clock
   */
  Job(
      long number,
      Received received,
      InferenceRequest request,
      long arrivedNanos,
      long deadlineNanos) {
    this.number = number;
    this.received = received;
    this.request = request;
    this.name = request.address().client() + "/" + request.id();
    this.arrivedNanos = arrivedNanos;
    this.deadlineNanos = deadlineNanos;
  }

  long number() {
    return number;
  }

  Received received() {
    return received;
  }

  InferenceRequest request() {
    return request;
  }

  long arrivedNanos() {
    return arrivedNanos;
  }

  long deadlineNanos() {
    return deadlineNanos;
  }

  /** From its submission to its deadline, by the client's clock. */
  long budgetNanos() {
    long ms = Duration.between(request.time(), request.deadline()).toMillis();
    return TimeUnit.MILLISECONDS.toNanos(Math.max(0, ms));
  }

  long urgency() {
    return Urgency.of(request.tier(), arrivedNanos, deadlineNanos);
  }

  /** How the crash ledger names it. */
  String name() {
    return name;
  }

  /** The key of its result in the cache, if it leads. */
  @Nullable String cacheKey() {
    Assignment assignment = request.assignment();
    return assignment == null ? null : assignment.cacheKey();
  }

  JobState state() {
    return state;
  }

  void to(JobState next) {
    state = state.to(next);
  }

  boolean over() {
    return state == JobState.ENDING || state == JobState.GONE;
  }

  /** Its body was read. */
  void prepared(Work itsWork, boolean itsCacheable, RowSet itsRows) {
    work = itsWork;
    cacheable = itsCacheable;
    rows = itsRows;
  }

  /** What it asks for; null until its body was read. */
  @Nullable Work work() {
    return work;
  }

  /** Its rows; null until its body was read. */
  @Nullable RowSet rows() {
    return rows;
  }

  /** It was let in, and is thought to take so long. */
  void estimated(double seconds) {
    estimatedSeconds = seconds;
  }

  /** Seconds of service as thought before its tokens were counted. */
  double estimatedSeconds() {
    return estimatedSeconds;
  }

  /** Whether its result may be kept under its cache key. */
  boolean cacheable() {
    return cacheable;
  }
}
