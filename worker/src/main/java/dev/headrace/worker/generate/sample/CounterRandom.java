package dev.headrace.worker.generate.sample;

/**
 * Random numbers by counting: each is a hash of what it is for, so that a draw depends on the
 * request alone and not on who was drawn for before. Preempted requests draw the same again.
 *
 * <p>The hash is two rounds of SplitMix64's finaliser (Steele, Lea, Flood: Fast Splittable
 * Pseudorandom Number Generators, OOPSLA 2014, variant 13 of Stafford's mixers).
 */
final class CounterRandom {
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  private CounterRandom() {}

  /**
   * A number in [0, 1), with 53 random bits.
   *
   * @param seed of the text
   * @param position of the token in that text, from 0
   */
  static double uniform(long seed, int position) {
    long hash = mix(mix(seed + GOLDEN) + (position + 1L) * GOLDEN);
    return (mix(hash) >>> 11) * 0x1p-53;
  }

  private static long mix(long value) {
    long z = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
