package dev.headrace.worker.device;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.transport.agent.Agent;
import dev.headrace.worker.mailbox.Mailbox;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The thread {@code engine-<device>}: opens the engine, feeds it from its mailbox, posts what comes
 * out of a step to the loop in one call, closes the engine.
 */
public final class DeviceAgent implements Agent {
  private static final Logger LOG = LoggerFactory.getLogger(DeviceAgent.class);

  private static final long IDLE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  /** Longest time at work before the loop hears of it (chosen: well below a heartbeat). */
  private static final long REPORT_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final String name;
  private final EngineFactory factory;
  private final Mailbox<DeviceBatch> mailbox;
  private final Mailbox<RowDrop> drops;
  private final Mailbox<Runnable> loop;
  private final DeviceListener listener;
  private final Pulse pulse;
  private final Loading loading;
  private final LongSupplier nanos;
  private final ArrayDeque<RowDrop> early = new ArrayDeque<>();
  private long admitted = -1;
  private boolean available = true;

  /** Steps that the loop has not heard of. */
  private final List<StepSample> steps = new ArrayList<>();

  private long workedNanos;
  private @Nullable Engine engine;

  /**
   * The mailboxes it reads and writes.
   *
   * @param batches its own
   * @param drops its own too: rows to give up, which must not wait behind batches
   * @param loop of the thread to which the listener belongs
   */
  public record Boxes(
      Mailbox<DeviceBatch> batches, Mailbox<RowDrop> drops, Mailbox<Runnable> loop) {}

  /**
   * Makes the agent; nothing is opened yet.
   *
   * @param pulse beats while it is in the engine
   * @param loading knows of it while it opens the engine
   */
  public DeviceAgent(
      String name,
      EngineFactory factory,
      Boxes boxes,
      DeviceListener listener,
      Pulse pulse,
      Loading loading,
      LongSupplier nanos) {
    this.name = name;
    this.factory = factory;
    this.mailbox = boxes.batches();
    this.drops = boxes.drops();
    this.loop = boxes.loop();
    this.listener = listener;
    this.pulse = pulse;
    this.loading = loading;
    this.nanos = nanos;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public void doWork() {
    Engine running = engine;
    try {
      if (running == null) {
        open();
      } else {
        work(running);
      }
    } catch (RuntimeException | Error e) {
      tell(e);
      throw e;
    } catch (Exception e) {
      tell(e);
      throw new IllegalStateException("engine could not be opened: " + e.getMessage(), e);
    }
  }

  private void open() throws Exception {
    if (!loading.begin()) {
      mailbox.poll(IDLE_NANOS); // the worker ends; nothing comes
      return;
    }
    Engine opened;
    try {
      opened = factory.open();
    } catch (Exception e) {
      if (loading.left()) {
        LOG.info("left the engine before it was open name={} cause={}", name, e.toString());
        return;
      }
      throw e;
    } finally {
      loading.end();
    }
    engine = opened;
    List<ServedModel> models = List.copyOf(opened.models());
    Optional<ModelLoader> loader = opened.loader();
    List<BrokenModel> broken = List.copyOf(opened.broken());
    loop.put(
        () -> {
          loader.ifPresent(listener::offers);
          listener.broken(broken);
          listener.opened(models);
        });
  }

  private void tell(Throwable cause) {
    Failure failure = new Failure(ErrorCode.DEVICE_LOST, name + ": " + cause);
    loop.put(() -> listener.lost(failure));
  }

  private void work(Engine running) {
    tellWhether(running.ready());
    admit(running);
    drop(running);
    if (running.busy()) {
      Report report = new Report();
      long started = nanos.getAsLong();
      inEngine(() -> running.step(report));
      workedNanos += nanos.getAsLong() - started;
      report.post(running.memoryFreeBytes(), running.memoryUnusedBytes());
    }
  }

  private void tellWhether(boolean there) {
    if (there != available) {
      available = there;
      loop.put(() -> listener.available(there));
    }
  }

  private void admit(Engine running) {
    while (running.admits()) {
      DeviceBatch batch = next(running);
      if (batch == null) {
        break;
      }
      inEngine(() -> running.admit(batch));
      admitted = batch.id();
    }
  }

  /**
   * The next batch, if it comes before the engine has something else to do. The thread spins: it
   * would in the engine, too, and a batch that came a moment too late would else be started only
   * when the device stands still.
   */
  private @Nullable DeviceBatch next(Engine running) {
    if (!running.busy()) {
      return mailbox.poll(IDLE_NANOS);
    }
    DeviceBatch batch = mailbox.poll(0);
    if (batch != null || running.due()) {
      return batch;
    }
    long started = nanos.getAsLong();
    pulse.enter();
    try {
      while (batch == null && !running.due()) {
        Thread.onSpinWait();
        batch = mailbox.poll(0);
      }
    } finally {
      pulse.leave();
    }
    workedNanos += nanos.getAsLong() - started;
    return batch;
  }

  private void inEngine(Runnable call) {
    pulse.enter();
    try {
      call.run();
    } finally {
      pulse.leave();
    }
  }

  /** A row is dropped when its batch was admitted; batches come in the order of their numbers. */
  private void drop(Engine running) {
    for (RowDrop drop = drops.poll(0); drop != null; drop = drops.poll(0)) {
      early.add(drop);
    }
    for (int i = early.size(); i > 0; i--) {
      RowDrop drop = early.removeFirst();
      if (drop.batch() <= admitted) {
        inEngine(() -> running.drop(drop));
      } else {
        early.add(drop);
      }
    }
  }

  /** Collects one step's news, so that the loop is called once. */
  private final class Report implements Engine.Listener {
    private final List<Runnable> news = new ArrayList<>(2);
    private final List<ServiceSample> samples = new ArrayList<>(1);

    @Override
    public void stepped(StepSample step) {
      steps.add(step);
    }

    @Override
    public void progressed(long batch, List<RowProgress> rows) {
      news.add(() -> listener.progressed(batch, rows));
    }

    @Override
    public void finished(long batch, List<FinishedRow> rows) {
      news.add(() -> listener.finished(batch, rows));
    }

    @Override
    public void failed(long batch, Failure failure) {
      news.add(() -> listener.failed(batch, failure));
    }

    @Override
    public void measured(ServiceSample sample) {
      samples.add(sample);
    }

    void post(long memoryFreeBytes, long memoryUnusedBytes) {
      if (news.isEmpty() && samples.isEmpty() && workedNanos < REPORT_NANOS) {
        return;
      }
      double seconds = workedNanos / 1e9;
      workedNanos = 0;
      List<StepSample> ran = List.copyOf(steps);
      steps.clear();
      loop.put(
          () -> {
            listener.worked(seconds);
            listener.unusedMemory(memoryUnusedBytes);
            samples.forEach(s -> listener.measured(s, memoryFreeBytes));
            listener.stepped(ran);
            news.forEach(Runnable::run);
          });
    }
  }

  @Override
  public boolean drained() {
    return mailbox.isEmpty() && (engine == null || !engine.busy());
  }

  @Override
  public void drain() {
    // The loop stops submitting; what it submitted is run.
  }

  @Override
  public void close(Duration timeout) {
    mailbox.close();
    drops.close();
    Engine open = engine;
    engine = null;
    if (open != null) {
      open.close();
    }
  }
}
