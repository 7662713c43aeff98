package dev.headrace.bench.gpu;

import dev.headrace.worker.device.DeviceBatch;
import dev.headrace.worker.device.Engine;
import dev.headrace.worker.device.ServedModel;
import java.util.List;

/** An engine that is lost after some steps, as one whose device fails. */
final class FailingEngine implements Engine {
  private final Engine engine;
  private int left;

  FailingEngine(Engine engine, int steps) {
    this.engine = engine;
    this.left = steps;
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
  public void admit(DeviceBatch batch) {
    engine.admit(batch);
  }

  @Override
  public boolean busy() {
    return engine.busy();
  }

  @Override
  public void step(Listener listener) {
    left--;
    if (left < 0) {
      throw new IllegalStateException("device lost on purpose");
    }
    engine.step(listener);
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
