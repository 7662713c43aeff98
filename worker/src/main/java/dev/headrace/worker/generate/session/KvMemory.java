package dev.headrace.worker.generate.session;

/**
 * KV memory of a session at one moment, in blocks. A sequence of {@code n} tokens takes {@link
 * #blocks blocks(n)} of them, wherever they are free: there is no fragmentation, so a step that
 * needs no more than {@code freeBlocks} never fails for KV memory.
 *
 * @param blockTokens tokens of a block
 * @param totalBlocks blocks there are
 * @param freeBlocks blocks that no sequence holds
 */
public record KvMemory(int blockTokens, int totalBlocks, int freeBlocks) {
  public KvMemory {
    if (blockTokens < 1) {
      throw new IllegalArgumentException("block tokens: " + blockTokens + " (expected: >= 1)");
    }
    if (freeBlocks < 0 || freeBlocks > totalBlocks) {
      throw new IllegalArgumentException(
          "free blocks: " + freeBlocks + " (expected: 0.." + totalBlocks + ")");
    }
  }

  /** Blocks that a sequence of so many tokens takes. */
  public int blocks(int tokens) {
    return (int) (((long) tokens + blockTokens - 1) / blockTokens);
  }

  /** Blocks that a sequence of {@code from} tokens takes in addition when it grows by more. */
  public int blocksToGrow(int from, int more) {
    return blocks(from + more) - blocks(from);
  }
}
