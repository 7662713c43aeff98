package dev.headrace.worker.generate.session;

import java.nio.FloatBuffer;
import java.util.Optional;

/**
 * What a step gave: a row of {@code [vocabulary] float32} for each segment that asked, in their
 * order. Valid until the session's next step, fork or close; only the engine thread may read it.
 */
public interface Logits {
  /** Segments that asked. */
  int rows();

  /** A view of one row, from position 0 to {@code vocabulary}; read-only. */
  FloatBuffer row(int row);

  /**
   * The id with the largest logit, the lowest of them if several are equal. Greedy decoding should
   * call this and not read rows: the device finds them for all rows at once.
   */
  int argmax(int row);

  /** The largest logit itself, NaN if one of the row is; as cheap as {@link #argmax}. */
  default float highest(int row) {
    return row(row).get(argmax(row));
  }

  /**
   * The most likely tokens of a row; empty where reading the row costs no more.
   *
   * @param temperatures of all rows, above 0; of no meaning where a row is not sampled
   */
  default Optional<Candidates> candidates(int row, float[] temperatures) {
    return Optional.empty();
  }

  /** Whether a row has no NaN and no infinity: float16 can overflow. */
  default boolean isFinite(int row) {
    FloatBuffer values = row(row);
    float sum = 0;
    for (int i = 0; i < values.limit(); i++) {
      // NaN as soon as one value is not finite, whatever the others are.
      sum += values.get(i) * 0;
    }
    return sum == 0;
  }
}
