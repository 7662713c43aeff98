package dev.headrace.worker.engine;

import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import dev.headrace.worker.cuda.Cuda;

/** A loaded script {@code forward(times) -> Tensor}, for measuring a GPU. */
final class ScriptRun implements AutoCloseable {
  private final PtSymbolBlock block;

  ScriptRun(PtSymbolBlock block) {
    this.block = block;
  }

  /** Seconds that a run takes from the first to the last of its operations. */
  double seconds(int times) {
    Cuda.synchronize();
    long empty = time(0);
    return (time(times) - empty) / 1e9;
  }

  private long time(int times) {
    long started = System.nanoTime();
    try (IValue argument = IValue.from((long) times)) {
      block.forward(argument).close();
    } catch (RuntimeException e) {
      throw TorchErrors.translate("measuring the device", e);
    }
    Cuda.synchronize();
    return System.nanoTime() - started;
  }

  @Override
  public void close() {
    block.close();
  }
}
