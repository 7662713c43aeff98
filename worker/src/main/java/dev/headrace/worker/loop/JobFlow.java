package dev.headrace.worker.loop;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.body.FinishReason;
import dev.headrace.transport.kafka.EventConsumer;
import dev.headrace.transport.redis.OutcomeStore.Delivered;
import dev.headrace.worker.batch.Waiting;
import dev.headrace.worker.device.Row;
import dev.headrace.worker.device.RowProgress;
import dev.headrace.worker.device.ServedModel;
import dev.headrace.worker.failure.Action;
import dev.headrace.worker.prepare.PrepareListener;
import dev.headrace.worker.prepare.Prepared;
import dev.headrace.worker.prepare.Rendered;
import dev.headrace.worker.prepare.SharedRows;
import dev.headrace.worker.prepare.ToRender;
import dev.headrace.worker.task.Work;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Moves jobs from one station to the next: intake, preparing thread, device, preparing thread
 * again, ending.
 */
final class JobFlow implements PrepareListener {
  /** Shared rows have no deadline of their own. */
  private static final long FAR_NANOS = TimeUnit.DAYS.toNanos(365);

  private final InFlight inFlight;
  private final Intake intake;
  private final PrepareDesk desk;
  private final Dispatcher dispatcher;
  private final Endings endings;
  private final CrashWatch crashes;
  private final LongSupplier nanos;
  private final LongSupplier numbers;
  private final ModelDesk models;
  private final Streams streams;

  /** Who waits for the device for longer is looked at for cancellation again (chosen). */
  private static final long LONG_WAIT_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** Of those at most so many at a time (chosen: one pipelined call of a few milliseconds). */
  private static final int MAX_LOOKED = 512;

  private final CancelWatch cancels;

  /** Cancelled while they were written, with the outcome that stands; their rows come back soon. */
  private final Map<Long, Delivered> cancelled = new HashMap<>();

  private boolean draining;

  /** The stations. */
  record Stations(
      InFlight inFlight,
      Intake intake,
      PrepareDesk desk,
      Dispatcher dispatcher,
      Endings endings,
      CrashWatch crashes,
      ModelDesk models,
      Streams streams,
      CancelWatch cancels) {}

  JobFlow(Stations stations, LongSupplier nanos, LongSupplier numbers) {
    this.inFlight = stations.inFlight();
    this.intake = stations.intake();
    this.desk = stations.desk();
    this.dispatcher = stations.dispatcher();
    this.endings = stations.endings();
    this.crashes = stations.crashes();
    this.models = stations.models();
    this.streams = stations.streams();
    this.cancels = stations.cancels();
    this.nanos = nanos;
    this.numbers = numbers;
  }

  /**
   * What takes long and was not begun goes back to Kafka, and to others; what was begun goes on for
   * as long as there is time.
   */
  void drain() {
    draining = true;
    intake.drain();
    for (Job job : inFlight.where(j -> j.state() == JobState.RUNNING)) {
      RowSet rows = job.rows();
      if (rows != null && rows.iterating() && !dispatcher.generating().contains(job.number())) {
        dispatcher.withdraw(job.number());
        endings.dropped(job);
      }
    }
  }

  /** Moves what can move; returns how much did. */
  int runOnce(long nowNanos) {
    int moved = intake.runOnce();
    moved += models.runOnce(this::inUse);
    for (long owner : dispatcher.expire(nowNanos)) {
      Job job = inFlight.get(owner);
      if (job != null && !job.over()) {
        endings.expired(job);
        moved++;
      }
    }
    if (cancels.due(nowNanos)) {
      moved += cancel(nowNanos);
    }
    return moved + desk.flush(nowNanos) + dispatcher.dispatch(nowNanos) + streams.runOnce(nowNanos);
  }

  /** Of those that generate, and of those that have waited long for the device. */
  private int cancel(long nowNanos) {
    Set<Long> generating = Set.copyOf(dispatcher.generating());
    List<Job> running = new ArrayList<>();
    for (Job job : inFlight.all()) {
      if (job.state() == JobState.RUNNING
          && !cancelled.containsKey(job.number())
          && (generating.contains(job.number())
              || (nowNanos - job.arrivedNanos() >= LONG_WAIT_NANOS
                  && running.size() < MAX_LOOKED))) {
        running.add(job);
      }
    }
    List<CancelWatch.Over> over = cancels.look(running, nowNanos);
    for (CancelWatch.Over one : over) {
      long number = one.job().number();
      boolean writes = generating.contains(number);
      if (writes && one.standing().stored().status() == Status.CANCELLED) {
        cancelled.put(number, one.standing());
        dispatcher.cut(number, FinishReason.CANCELLED, nowNanos);
      } else {
        dispatcher.withdraw(number);
        streams.forget(one.job());
        endings.standing(one.job(), one.standing());
      }
    }
    return over.size();
  }

  /** The device is away: what it had not begun goes back to the router. */
  void sendElsewhere(Failure failure) {
    for (Job job : inFlight.where(j -> j.state() == JobState.RUNNING)) {
      RowSet rows = job.rows();
      if (rows != null && rows.iterating() && !dispatcher.generating().contains(job.number())) {
        dispatcher.withdraw(job.number());
        endings.retryLater(job, failure);
      }
    }
  }

  /** Whether a model is needed by what was let through; the device may still run dropped rows. */
  boolean inUse(String model) {
    if (dispatcher.holds(model)) {
      return true;
    }
    for (Job job : inFlight.all()) {
      JobState state = job.state();
      boolean letThrough =
          state == JobState.PREPARING || state == JobState.RUNNING || state == JobState.RENDERING;
      if (letThrough && job.request().model().equals(model)) {
        return true;
      }
    }
    return false;
  }

  /** Slots went: their records will be delivered again. */
  void dropLost(EventConsumer consumer) {
    for (Job job : inFlight.where(j -> !j.over() && !consumer.owns(j.received()))) {
      dispatcher.withdraw(job.number());
      streams.forget(job);
      cancelled.remove(job.number());
      endings.dropped(job);
    }
    intake.forgetLost();
  }

  @Override
  public void prepared(List<Prepared> results) {
    desk.back(results.size());
    for (Prepared result : results) {
      Job job = inFlight.get(result.job());
      if (job == null || job.state() != JobState.PREPARING) {
        continue;
      }
      if (result instanceof Prepared.Ready ready) {
        run(job, ready);
      } else if (result instanceof Prepared.Refused refused) {
        refused(job, refused.failure());
      }
    }
  }

  private void refused(Job job, Failure failure) {
    if (failure.code() == ErrorCode.STORE_UNAVAILABLE) {
      intake.back(job);
    } else {
      end(job, failure, Action.on(failure.code().kind(), 1, 1));
    }
  }

  private void run(Job job, Prepared.Ready ready) {
    ServedModel model = models.here(job.request().model());
    if (model == null) {
      throw new IllegalStateException("model is gone request=" + job.name());
    }
    if (draining && model.concurrency().isPresent()) {
      endings.dropped(job);
      return;
    }
    Work work = ready.work();
    dispatcher.saw(job.budgetNanos(), nanos.getAsLong());
    Waiting waiting =
        new Waiting(
            job.number(),
            model.name(),
            lengths(work.rows()),
            job.urgency(),
            job.deadlineNanos(),
            crashes.suspect(job.name()));
    RowSet rows = new RowSet(waiting, model, work.rows(), job.name(), new OfJob(job, model, work));
    job.prepared(work, ready.cacheable(), rows);
    job.to(JobState.RUNNING);
    dispatcher.submit(rows);
  }

  private static int[] lengths(List<Row> rows) {
    int[] lengths = new int[rows.size()];
    for (int i = 0; i < lengths.length; i++) {
      Row row = rows.get(i);
      lengths[i] = row.length() + row.newTokens();
    }
    return lengths;
  }

  private final class OfJob implements RowSet.Ending {
    private final Job job;
    private final ServedModel model;
    private final Work work;

    OfJob(Job job, ServedModel model, Work work) {
      this.job = job;
      this.model = model;
      this.work = work;
    }

    @Override
    public void finished(RowSet rows) {
      job.to(JobState.RENDERING);
      FinishReason cut = rows.cut();
      if (work.streamed()) {
        streams.finished(job, rows.outputs());
      }
      String why =
          cut == FinishReason.CANCELLED
              ? "cancelled by the client"
              : "deadline passed: " + job.request().deadline() + " (expected: a result before)";
      desk.response(new ToRender(job.number(), model, work, rows.outputs(), cut, why));
    }

    @Override
    public void progressed(RowSet rows, int index, RowProgress progress) {
      if (work.streamed()) {
        streams.progressed(job, index, progress);
      }
    }

    @Override
    public void failed(Failure failure, Action action) {
      streams.forget(job);
      end(job, failure, action);
    }
  }

  @Override
  public void wanted(SharedRows shared) {
    long now = nanos.getAsLong();
    Job first = inFlight.get(shared.firstJob());
    String name = first == null ? "" : first.name();
    // Others wait for them, so they go first; they are few and short.
    Waiting waiting =
        new Waiting(
            numbers.getAsLong(),
            shared.model().name(),
            lengths(shared.rows()),
            now,
            now + FAR_NANOS,
            crashes.suspect(name));
    dispatcher.submit(
        new RowSet(waiting, shared.model(), shared.rows(), name, new OfShared(shared)));
  }

  private final class OfShared implements RowSet.Ending {
    private final SharedRows shared;

    OfShared(SharedRows shared) {
      this.shared = shared;
    }

    @Override
    public void finished(RowSet rows) {
      desk.share(shared, rows.outputs());
    }

    @Override
    public void failed(Failure failure, Action action) {
      desk.shareFailed(shared, failure);
    }
  }

  @Override
  public void rendered(List<Rendered> results) {
    for (Rendered result : results) {
      Job job = inFlight.get(result.job());
      if (job == null || job.state() != JobState.RENDERING) {
        continue;
      }
      if (result instanceof Rendered.Response response) {
        RowSet rows = job.rows();
        Delivered standing = cancelled.remove(job.number());
        if (standing != null) {
          Outcome more = endings.partial(job, standing.stored(), response.body());
          endings.standing(job, standing.published() ? standing : cancels.amended(standing, more));
        } else if (rows != null && rows.cut() != null) {
          endings.expired(job, response.body());
        } else {
          endings.ok(job, response.body());
        }
      } else if (result instanceof Rendered.Refused refused) {
        end(job, refused.failure(), Action.on(refused.failure().code().kind(), 1, 1));
      }
    }
  }

  @Override
  public void prepareFailed(Failure failure) {
    throw new FailureException(failure);
  }

  /** The end of one request, on its own. */
  private void end(@Nullable Job job, Failure failure, Action action) {
    if (job == null || job.over()) {
      return;
    }
    Delivered standing = cancelled.remove(job.number());
    if (standing != null) {
      endings.standing(job, standing);
      return;
    }
    switch (action) {
      case RETRY -> endings.retryLater(job, failure);
      case ELSEWHERE -> endings.retryElsewhere(job, failure);
      case SPLIT, SHRINK, DEAD_LETTER -> endings.failed(job, failure);
      case STOP -> throw new FailureException(failure);
    }
  }
}
