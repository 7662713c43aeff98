package dev.headrace.worker.loop;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.event.Decoded;
import dev.headrace.protocol.event.WorkCodec;
import dev.headrace.transport.kafka.Received;
import dev.headrace.transport.redis.OutcomeStore;
import dev.headrace.transport.redis.OutcomeStore.Delivered;
import dev.headrace.worker.device.ModelOffer;
import dev.headrace.worker.device.ServedModel;
import dev.headrace.worker.heartbeat.ModelMeters;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes records and lets through what there is to do: not what cannot be read, has its outcome, is
 * too late, is for a model that is not here, or killed workers before.
 */
final class Intake {
  private static final Logger LOG = LoggerFactory.getLogger(Intake.class);

  /** Outcomes looked up in one call; a poll gives at most this many records (chosen). */
  private static final int LOOK_UPS = 512;

  /** How often jobs that wait for the store are looked through (chosen). */
  private static final long EXPIRE_EVERY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private static final Failure WORN_OUT =
      new Failure(
          ErrorCode.WORKERS_LOST,
          "delivered again and again without an outcome (expected: workers that end what they take)");

  /** Deadlines beyond this are all the same (chosen). */
  private static final Duration FAR = Duration.ofDays(365);

  private final InFlight inFlight;
  private final OutcomeStore store;
  private final StoreGate gate;
  private final CrashWatch crashes;
  private final Endings endings;
  private final PrepareDesk desk;
  private final ModelDesk models;
  private final ModelMeters meters;
  private final InstantSource clock;
  private final LongSupplier nanos;
  private final LongSupplier numbers;
  private final Turns turns;
  private final Room room;
  private final ArrayDeque<Job> unchecked = new ArrayDeque<>();
  private final ArrayDeque<Job> fresh = new ArrayDeque<>();
  private final ArrayDeque<Job> deferred = new ArrayDeque<>();
  private long expireAt;
  private long deferredUntil;
  private boolean draining;

  /** What the intake works with. */
  record Parts(
      InFlight inFlight,
      OutcomeStore store,
      StoreGate gate,
      CrashWatch crashes,
      Endings endings,
      PrepareDesk desk,
      ModelDesk models,
      ModelMeters meters,
      Turns turns,
      Room room) {}

  /**
   * Makes an intake.
   *
   * @param numbers gives each job its number
   */
  Intake(Parts parts, InstantSource clock, LongSupplier nanos, LongSupplier numbers) {
    this.inFlight = parts.inFlight();
    this.store = parts.store();
    this.gate = parts.gate();
    this.crashes = parts.crashes();
    this.endings = parts.endings();
    this.desk = parts.desk();
    this.models = parts.models();
    this.meters = parts.meters();
    this.turns = parts.turns();
    this.room = parts.room();
    this.clock = clock;
    this.nanos = nanos;
    this.numbers = numbers;
    this.expireAt = nanos.getAsLong();
  }

  /** Takes polled records; they are let in when it is their turn. */
  void take(List<Received> records) {
    long now = nanos.getAsLong();
    Instant wall = clock.instant();
    for (Received received : records) {
      try {
        take(received, now, wall);
      } catch (RuntimeException e) {
        LOG.error("record could not be taken place={}", received.place(), e);
        Failure failure = new Failure(ErrorCode.INTERNAL_ERROR, "taking the record: " + e);
        endings.unreadable(received, failure, null);
      }
    }
  }

  private void take(Received received, long now, Instant wall) {
    Instant timestamp = Instant.ofEpochMilli(Math.max(0, received.timestampMs()));
    Decoded decoded = WorkCodec.decode(received.record(), timestamp);
    if (decoded instanceof Decoded.Malformed malformed) {
      endings.unreadable(received, malformed.failure(), malformed.address());
    } else if (decoded instanceof Decoded.Valid valid) {
      InferenceRequest request = valid.request();
      long deadline = now + nanosUntil(request.expiry(), wall);
      Job job = new Job(numbers.getAsLong(), received, request, now, deadline);
      inFlight.add(job);
      turns.add(job);
    }
  }

  /** Estimated seconds of service of what waits for its turn. */
  double heldSeconds() {
    double[] seconds = {0};
    turns.forEach(job -> seconds[0] += estimate(job.request()));
    return seconds[0];
  }

  /** Nobody waits for what is held and over. */
  void forgetLost() {
    turns.retain(j -> !j.over());
  }

  /** What is held stays with Kafka. */
  void drain() {
    draining = true;
    turns.forEach(endings::dropped);
    forgetLost();
  }

  private void letIn() {
    if (turns.isEmpty() || !gate.open()) {
      return;
    }
    room.count();
    Instant now = clock.instant();
    turns.let(
        room::of,
        job -> {
          job.estimated(estimate(job.request()));
          room.taken(job.request().model(), job.estimatedSeconds());
          (job.request().isFresh(now) ? fresh : unchecked).add(job);
        });
  }

  private static long nanosUntil(Instant deadline, Instant now) {
    if (deadline.isAfter(now.plus(FAR))) {
      return FAR.toNanos();
    }
    return deadline.isBefore(now) ? 0 : Duration.between(now, deadline).toNanos();
  }

  /** Takes a job back that could not be prepared because the store did not answer. */
  void back(Job job) {
    job.to(JobState.CHECKING);
    deferred.add(job);
    deferredUntil = nanos.getAsLong() + EXPIRE_EVERY_NANOS;
  }

  /** Lets jobs in, looks up their outcomes and lets them through; returns how many went. */
  int runOnce() {
    letIn();
    if (!deferred.isEmpty() && nanos.getAsLong() - deferredUntil >= 0) {
      unchecked.addAll(deferred);
      deferred.clear();
    }
    int moved = admitFresh();
    while (!unchecked.isEmpty() && gate.open()) {
      List<Job> batch = nextBatch();
      if (batch.isEmpty()) {
        break;
      }
      List<Optional<Delivered>> standing =
          gate.ask(
              "looking up outcomes",
              () -> store.find(batch.stream().map(j -> j.request().address()).toList()));
      if (standing == null) {
        unchecked.addAll(batch);
        break;
      }
      for (int i = 0; i < batch.size(); i++) {
        admit(batch.get(i), standing.get(i));
      }
      moved += batch.size();
    }
    return moved + expire();
  }

  /**
   * At worst one that was cancelled or done a moment ago is run in vain: the first outcome stands.
   */
  private int admitFresh() {
    int moved = fresh.size();
    for (Job job = fresh.poll(); job != null; job = fresh.poll()) {
      if (job.state() == JobState.CHECKING) {
        admit(job, Optional.empty());
      }
    }
    return moved;
  }

  private List<Job> nextBatch() {
    List<Job> batch = new ArrayList<>(Math.min(LOOK_UPS, unchecked.size()));
    while (!unchecked.isEmpty() && batch.size() < LOOK_UPS) {
      Job job = unchecked.removeFirst();
      if (job.state() == JobState.CHECKING) {
        batch.add(job);
      }
    }
    return batch;
  }

  /** While the store is away the time of those that wait here runs out. */
  private int expire() {
    long now = nanos.getAsLong();
    if ((unchecked.isEmpty() && turns.isEmpty()) || now - expireAt < 0) {
      return 0;
    }
    expireAt = now + EXPIRE_EVERY_NANOS;
    Instant wall = clock.instant();
    unchecked.removeIf(j -> j.state() != JobState.CHECKING);
    List<Job> late = new ArrayList<>();
    unchecked.stream().filter(j -> j.request().expiredAt(wall)).forEach(late::add);
    turns.forEach(
        job -> {
          if (job.request().expiredAt(wall)) {
            late.add(job);
          }
        });
    if (!late.isEmpty()) {
      late.forEach(endings::expired);
      forgetLost();
    }
    return late.size();
  }

  /** Takes a job back whose model was loaded meanwhile. */
  void again(Job job) {
    unchecked.add(job);
  }

  private void admit(Job job, Optional<Delivered> standing) {
    InferenceRequest request = job.request();
    ServedModel model = models.open(request.model());
    ModelOffer offer = model == null ? models.offer(request.model()) : null;
    if (standing.isPresent()) {
      endings.standing(job, standing.get());
    } else if (request.expiredAt(clock.instant())) {
      endings.expired(job);
    } else if (crashes.poison(job.name())) {
      endings.failed(job, poison(job));
    } else if (endings.wornOut(job)) {
      endings.retryLater(job, WORN_OUT);
    } else if (endings.redelivered(job)
        && crashes.awaits(job.name(), job.arrivedNanos(), nanos.getAsLong())) {
      await(job);
    } else if (offer != null) {
      await(job, offer);
    } else if (model == null) {
      Failure broken = models.broken(request.model());
      endings.retryElsewhere(job, broken == null ? unknown(request, models.names()) : broken);
    } else if (!model.tasks().contains(request.task())) {
      endings.failed(job, undone(request.task(), model.name(), model.tasks()));
    } else {
      job.to(JobState.PREPARING);
      desk.body(job, model, job.estimatedSeconds());
    }
  }

  /** Until it is known whether a worker died of it. */
  private void await(Job job) {
    if (draining) {
      endings.dropped(job);
    } else {
      deferred.add(job);
      deferredUntil = nanos.getAsLong() + EXPIRE_EVERY_NANOS;
    }
  }

  private void await(Job job, ModelOffer offer) {
    Task task = job.request().task();
    if (!offer.tasks().contains(task)) {
      endings.failed(job, undone(task, offer.name(), offer.tasks()));
      return;
    }
    Failure refusal = models.await(job, offer);
    if (refusal != null) {
      endings.retryElsewhere(job, refusal);
    }
  }

  private double estimate(InferenceRequest request) {
    return meters
        .curve(request.model())
        .marginalSeconds(
            request.size().rows(),
            (double) request.size().tokens(),
            meters.batchRows(request.model()));
  }

  private Failure poison(Job job) {
    return new Failure(
        ErrorCode.POISON,
        crashes.crashes(job.name())
            + " workers died while they ran it, the last while it was alone (expected: fewer than "
            + CrashWatch.POISON_CRASHES
            + ")");
  }

  private static Failure unknown(InferenceRequest request, Set<String> models) {
    return new Failure(
        ErrorCode.UNKNOWN_MODEL,
        "ce_model: " + request.model() + " (expected: one of " + String.join(", ", models) + ")");
  }

  private static Failure undone(Task task, String model, Set<Task> does) {
    String tasks = String.join(", ", does.stream().map(Task::wireName).sorted().toList());
    return new Failure(
        ErrorCode.UNKNOWN_TASK,
        "ce_task: " + task.wireName() + " (expected: " + tasks + ", which " + model + " does)");
  }
}
