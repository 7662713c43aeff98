package dev.headrace.worker.device;

import java.util.List;
import java.util.Optional;

/** What engines over a runner share: whatever is the runner's to say. */
abstract class RunnerEngine implements Engine {
  private final BatchRunner runner;

  RunnerEngine(BatchRunner runner) {
    this.runner = runner;
  }

  @Override
  public final List<ServedModel> models() {
    return runner.models();
  }

  @Override
  public final List<BrokenModel> broken() {
    return runner.broken();
  }

  @Override
  public final Optional<ModelLoader> loader() {
    return runner.loader();
  }

  @Override
  public final long memoryFreeBytes() {
    return runner.memoryFreeBytes();
  }

  @Override
  public final long memoryUnusedBytes() {
    return runner.memoryUnusedBytes();
  }

  @Override
  public void close() {
    runner.close();
  }
}
