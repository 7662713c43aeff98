package dev.headrace.worker.loop;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.FailureException;
import dev.headrace.worker.device.BrokenModel;
import dev.headrace.worker.device.DeviceListener;
import dev.headrace.worker.device.FinishedRow;
import dev.headrace.worker.device.ModelLoader;
import dev.headrace.worker.device.RowProgress;
import dev.headrace.worker.device.ServedModel;
import dev.headrace.worker.device.ServiceSample;
import dev.headrace.worker.device.StepSample;
import dev.headrace.worker.heartbeat.BusyMeter;
import dev.headrace.worker.heartbeat.ModelMeters;
import java.time.Duration;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The loop's side of the device: takes what its thread posts, and knows how the device is. Runs on
 * the loop's thread alone.
 */
final class DeviceDesk implements DeviceListener {
  private final Parts parts;
  private final LongSupplier nanos;
  private final LongSupplier numbers;
  private final BusyMeter busy;

  private @Nullable ModelLoader loader;
  private @Nullable WarmUp warmUp;
  private boolean lost;
  private boolean there = true;
  private long memoryFreeBytes;
  private long memoryUnusedBytes;

  /** What it works with; {@code warmUp} is the longest time that the models may take to warm up. */
  record Parts(
      Dispatcher dispatcher,
      ModelDesk models,
      JobFlow flow,
      ModelMeters meters,
      Heartbeat heartbeat,
      WorkerMetrics metrics,
      Duration warmUp) {}

  DeviceDesk(Parts parts, LongSupplier nanos, LongSupplier numbers) {
    this.parts = parts;
    this.nanos = nanos;
    this.numbers = numbers;
    this.busy = new BusyMeter(nanos.getAsLong());
  }

  /** Whether its models became warm just now. */
  boolean warmedUp(long nowNanos) {
    if (warmUp == null || !warmUp.done(nowNanos)) {
      return false;
    }
    warmUp = null;
    return true;
  }

  /** Whether it can be reached. */
  boolean there() {
    return there;
  }

  /** Whether it failed for good. */
  boolean lost() {
    return lost;
  }

  /** Free memory as last measured. */
  long memoryFreeBytes() {
    return memoryFreeBytes;
  }

  /** What is kept of its memory and not used, as last told. */
  long memoryUnusedBytes() {
    return memoryUnusedBytes;
  }

  /** Share of the time in which it worked. */
  double utilisation(long nowNanos) {
    return busy.update(nowNanos);
  }

  @Override
  public void offers(ModelLoader itsLoader) {
    loader = itsLoader;
  }

  @Override
  public void broken(List<BrokenModel> broken) {
    parts.models.broken(broken);
  }

  @Override
  public void opened(List<ServedModel> served) {
    served.forEach(m -> m.profile().ifPresent(curve -> parts.meters.known(m.name(), curve)));
    parts.models.opened(served, loader);
    long end = nanos.getAsLong() + parts.warmUp.toNanos();
    warmUp = new WarmUp(served, parts.dispatcher, numbers, parts.meters::add, end);
  }

  @Override
  public void available(boolean isThere) {
    there = isThere;
    parts.heartbeat.soon(nanos.getAsLong());
    if (!isThere) {
      parts.flow.sendElsewhere(
          new Failure(
              ErrorCode.UPSTREAM_UNAVAILABLE, "the device is away (expected: for a moment)"));
    }
  }

  @Override
  public void finished(long batch, List<FinishedRow> rows) {
    parts.dispatcher.finished(batch, rows, nanos.getAsLong());
  }

  @Override
  public void progressed(long batch, List<RowProgress> rows) {
    parts.dispatcher.progressed(batch, rows);
  }

  @Override
  public void worked(double seconds) {
    busy.worked(seconds);
  }

  @Override
  public void failed(long batch, Failure failure) {
    try {
      parts.dispatcher.failed(batch, failure, nanos.getAsLong());
    } catch (FailureException e) {
      lost = true;
      throw e;
    }
  }

  @Override
  public void measured(ServiceSample sample, long free) {
    memoryFreeBytes = free;
    parts.metrics.measured(sample);
    if (warmUp == null) {
      parts.meters.add(sample);
    } else {
      warmUp.sample(sample);
    }
  }

  @Override
  public void unusedMemory(long bytes) {
    memoryUnusedBytes = bytes;
  }

  @Override
  public void stepped(List<StepSample> steps) {
    for (StepSample step : steps) {
      parts.meters.add(step);
      parts.metrics.stepped(step);
    }
  }

  @Override
  public void lost(Failure failure) {
    lost = true;
    throw new FailureException(failure);
  }
}
