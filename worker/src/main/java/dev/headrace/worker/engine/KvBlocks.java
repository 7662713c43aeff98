package dev.headrace.worker.engine;

import dev.headrace.worker.generate.session.KvMemory;
import java.util.Arrays;
import java.util.BitSet;

/**
 * Which blocks of a KV cache are free. The lowest free ones are given out first, so that those in
 * use stay close together.
 */
final class KvBlocks {
  private final int blockTokens;
  private final int total;
  private final BitSet used;
  private int free;

  KvBlocks(int blockTokens, int total) {
    this.blockTokens = blockTokens;
    this.total = total;
    this.used = new BitSet(total);
    this.free = total;
  }

  KvMemory memory() {
    return new KvMemory(blockTokens, total, free);
  }

  /** Takes {@code count} blocks, which the caller knows to be free, and appends them. */
  int[] take(int[] held, int count) {
    if (count > free) {
      throw new IllegalStateException("blocks: " + count + " (expected: <= " + free + " free)");
    }
    int[] more = Arrays.copyOf(held, held.length + count);
    int block = -1;
    for (int i = held.length; i < more.length; i++) {
      block = used.nextClearBit(block + 1);
      used.set(block);
      more[i] = block;
    }
    free -= count;
    return more;
  }

  /** Frees all blocks but the first {@code keep} and returns those. */
  int[] giveBack(int[] held, int keep) {
    for (int i = keep; i < held.length; i++) {
      used.clear(held[i]);
    }
    free += held.length - keep;
    return Arrays.copyOf(held, keep);
  }
}
