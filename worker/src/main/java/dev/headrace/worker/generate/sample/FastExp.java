package dev.headrace.worker.generate.sample;

/**
 * Exponentials of a whole vocabulary, ten times as fast as {@code Math.exp}, which would take a
 * millisecond for 50,000 values and row. The relative error is below 4e-7 near 0 and grows to 4e-6
 * where the result is hardly more than 0; that of the float argument is of the same size.
 */
final class FastExp {
  private static final float LOG2_E = 1.442695041f;

  /** Below this the result is 0: 2^-126 is the least normal float. */
  private static final float LEAST = -87.3f;

  private FastExp() {}

  /** {@code e^x} for {@code x <= 0}; NaN gives NaN. */
  static float exp(float x) {
    float y = x * LOG2_E;
    int whole = (int) (y - 0.5f); // to the nearest, for y is not positive
    float f = (y - whole) * 0.693147181f; // |f| <= 0.35
    float p =
        1f
            + f
                * (1f
                    + f
                        * (0.5f
                            + f
                                * (0.166666667f
                                    + f
                                        * (0.0416666667f
                                            + f * (0.00833333333f + f * 0.00138888889f)))));
    float scaled = p * Float.intBitsToFloat((Math.max(whole, -126) + 127) << 23);
    return x < LEAST ? 0f : scaled;
  }
}
