package dev.headrace.worker.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.jspecify.annotations.Nullable;

/** Logits in libtorch's memory; copied only from a GPU, and only when a row is read. */
final class TorchLogits extends HeldLogits {
  private final PtNDArray values;
  private final int vocabulary;
  private final PtNDManager manager;
  private @Nullable FloatBuffer floats;
  private long @Nullable [] best;

  TorchLogits(PtNDArray values, int rows, int vocabulary, PtNDManager manager) {
    super(rows);
    this.values = values;
    this.vocabulary = vocabulary;
    this.manager = manager;
  }

  @Override
  public FloatBuffer row(int row) {
    check(row);
    FloatBuffer all = floats;
    if (all == null) {
      all =
          values
              .toByteBuffer(true)
              .order(ByteOrder.nativeOrder())
              .asFloatBuffer()
              .asReadOnlyBuffer();
      floats = all;
    }
    return all.slice(row * vocabulary, vocabulary);
  }

  @Override
  public int argmax(int row) {
    check(row);
    long[] ids = best;
    if (ids == null) {
      try (NDArray found = values.argMax(1)) {
        ids = found.toLongArray();
      } catch (RuntimeException | Error e) {
        throw TorchErrors.translate("finding the largest logits", e);
      }
      best = ids;
    }
    return (int) ids[row];
  }

  @Override
  public void close() {
    end();
    floats = null;
    manager.close();
  }
}
