package dev.headrace.worker.generate.sample;

/**
 * A token and its logit in one long that sorts by logit, then by token, the lower first among
 * equals. Sorting longs is faster than anything with a comparator.
 */
final class Ranked {
  private Ranked() {}

  static long of(float logit, int token) {
    int bits = Float.floatToRawIntBits(logit);
    int ordered = bits ^ ((bits >> 31) & 0x7FFFFFFF);
    return ((long) ordered << 32) | (0xFFFFFFFFL - token);
  }

  static int token(long ranked) {
    return (int) (0xFFFFFFFFL - (ranked & 0xFFFFFFFFL));
  }

  static float logit(long ranked) {
    int ordered = (int) (ranked >> 32);
    return Float.intBitsToFloat(ordered ^ ((ordered >> 31) & 0x7FFFFFFF));
  }
}
