package dev.headrace.worker.engine;

import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import dev.headrace.worker.generate.session.Candidates;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Logits that stay on the device; the largest of each row came with the step. */
final class RunLogits extends HeldLogits {
  private final PtSymbolBlock block;
  private final IValue values;
  private final float[] best;
  private final PtNDManager manager;
  private final UnaryOperator<float[]> top;
  private final boolean owned;
  private float @Nullable [] found;

  /**
   * Logits of a step.
   *
   * @param block the module, which reads rows
   * @param values one row for each, and perhaps more
   * @param owned whether the values are taken over
   * @param top given the temperatures of all rows, their candidates as {@code top} says
   * @param best the largest logit of each row, then their ids
   */
  RunLogits(
      PtSymbolBlock block,
      IValue values,
      boolean owned,
      float[] best,
      PtNDManager manager,
      UnaryOperator<float[]> top) {
    super(best.length / 2);
    this.top = top;
    this.block = block;
    this.values = values;
    this.owned = owned;
    this.best = best;
    this.manager = manager;
  }

  @Override
  public FloatBuffer row(int row) {
    check(row);
    try (IValue index = IValue.from((long) row);
        IValue one = IValueUtils.runMethod(block, "row", values, index)) {
      return FloatBuffer.wrap(one.toTensor(manager).toFloatArray()).asReadOnlyBuffer();
    } catch (RuntimeException | Error e) {
      throw TorchErrors.translate("reading logits", e);
    }
  }

  @Override
  public int argmax(int row) {
    check(row);
    return (int) best[rows() + row];
  }

  @Override
  public float highest(int row) {
    check(row);
    return best[row];
  }

  @Override
  public Optional<Candidates> candidates(int row, float[] temperatures) {
    check(row);
    float[] all = found;
    if (all == null) {
      try {
        all = top.apply(temperatures);
      } catch (RuntimeException | Error e) {
        throw TorchErrors.translate("finding the most likely tokens", e);
      }
      found = all;
    }
    int width = all.length / rows();
    int count = (width - 1) / 2;
    int at = row * width;
    int[] ids = new int[count];
    for (int i = 0; i < count; i++) {
      ids[i] = (int) all[at + count + i];
    }
    float[] logits = Arrays.copyOfRange(all, at, at + count);
    return Optional.of(new Candidates(ids, logits, all[at + 2 * count]));
  }

  @Override
  public void close() {
    end();
    if (owned) {
      values.close();
    }
    manager.close();
  }
}
