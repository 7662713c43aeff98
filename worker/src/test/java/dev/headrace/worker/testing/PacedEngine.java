package dev.headrace.worker.testing;

import dev.headrace.worker.device.DeviceBatch;
import dev.headrace.worker.device.Engine;
import dev.headrace.worker.device.RowDrop;
import dev.headrace.worker.device.ServedModel;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** A {@link FakeGenerator} whose steps take time, and that another thread may look at. */
public final class PacedEngine implements Engine {
  private final FakeGenerator engine;
  private final Duration step;
  private volatile int steps;
  private volatile int admitted;
  private volatile int running;

  public PacedEngine(FakeGenerator engine, Duration step) {
    this.engine = engine;
    this.step = step;
  }

  /** Steps so far. */
  public int steps() {
    return steps;
  }

  /** Rows that were admitted so far. */
  public int admitted() {
    return admitted;
  }

  /** Rows that run. */
  public int running() {
    return running;
  }

  @Override
  public List<ServedModel> models() {
    return engine.models();
  }

  @Override
  public boolean admits() {
    return engine.admits();
  }

  @Override
  @SuppressWarnings("NonAtomicVolatileUpdate") // written by the engine's thread alone
  public void admit(DeviceBatch batch) {
    engine.admit(batch);
    admitted += batch.rows().size();
    running = engine.running();
  }

  @Override
  public void drop(RowDrop drop) {
    engine.drop(drop);
  }

  @Override
  public boolean busy() {
    return engine.busy();
  }

  @Override
  @SuppressWarnings("NonAtomicVolatileUpdate") // as above
  public void step(Listener listener) {
    LockSupport.parkNanos(step.toNanos());
    engine.step(listener);
    steps++;
    running = engine.running();
  }

  @Override
  public long memoryFreeBytes() {
    return engine.memoryFreeBytes();
  }

  @Override
  public void close() {
    engine.close();
  }
}
