package dev.headrace.worker.engine;

/**
 * How much memory a decoder's KV cache gets.
 *
 * @param bytes at most; at least one block is made
 * @param share of the device's memory that is free when the weights are there and {@code reserved}
 *     is put by, more than 0 to 1; 0 where {@code bytes} are taken whatever is free
 * @param reserved bytes of what is free that are for others
 */
public record KvPlan(long bytes, double share, long reserved) {
  /** Chosen by measurement: see RATIONALE.md. */
  static final int BLOCK_TOKENS = 64;

  /** With less, hardly a text runs (chosen). */
  static final long LEAST_BYTES = 64L << 20;

  public KvPlan(long bytes) {
    this(bytes, 0, 0);
  }

  public KvPlan {
    if (share < 0 || share > 1) {
      throw new IllegalArgumentException("kv share: " + share + " (expected: 0..1)");
    }
    if (bytes < 1) {
      throw new IllegalArgumentException("kv bytes: " + bytes + " (expected: >= 1)");
    }
  }

  /** What must be free before the weights are loaded, besides them. */
  long leastBytes() {
    return share > 0 ? Math.min(bytes, LEAST_BYTES) : bytes;
  }

  /**
   * The plan for a device.
   *
   * @param freeBytes of it, with the weights loaded
   */
  KvPlan fitted(long freeBytes) {
    if (share == 0) {
      return this;
    }
    long ours = (long) (share * Math.max(0, freeBytes - reserved));
    return new KvPlan(Math.min(bytes, Math.max(ours, LEAST_BYTES)));
  }

  int blocks(long bytesPerToken) {
    long blocks = bytes / (bytesPerToken * BLOCK_TOKENS);
    return (int) Math.max(1, Math.min(blocks, Integer.MAX_VALUE / BLOCK_TOKENS - 1));
  }
}
