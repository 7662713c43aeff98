package dev.headrace.worker.engine;

/**
 * How much memory a decoder's KV cache gets.
 *
 * @param bytes at most; at least one block is made
 */
public record KvPlan(long bytes) {
  /** Chosen by measurement: see RATIONALE.md. */
  static final int BLOCK_TOKENS = 64;

  public KvPlan {
    if (bytes < 1) {
      throw new IllegalArgumentException("kv bytes: " + bytes + " (expected: >= 1)");
    }
  }

  int blocks(long bytesPerToken) {
    long blocks = bytes / (bytesPerToken * BLOCK_TOKENS);
    return (int) Math.max(1, Math.min(blocks, Integer.MAX_VALUE / BLOCK_TOKENS - 1));
  }
}
