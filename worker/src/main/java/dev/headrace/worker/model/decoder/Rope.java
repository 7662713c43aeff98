package dev.headrace.worker.model.decoder;

import java.util.List;

/**
 * Rotary positions (arXiv 2104.09864): pair {@code i} of a head is turned by {@code position *
 * inverseFrequencies[i]}; what follows the last pair is left as it is.
 *
 * @param inverseFrequencies in radians a token, one for each pair
 * @param scale what turned pairs are multiplied by (the attention factor of YaRN and LongRoPE)
 */
public record Rope(List<Float> inverseFrequencies, double scale) {
  /** No rotation: positions are learned. */
  public static final Rope NONE = new Rope(List.of(), 1);

  public Rope {
    inverseFrequencies = List.copyOf(inverseFrequencies);
  }

  /** Values of a head that are turned. */
  public int dimensions() {
    return 2 * inverseFrequencies.size();
  }
}
