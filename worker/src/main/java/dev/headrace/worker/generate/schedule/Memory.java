package dev.headrace.worker.generate.schedule;

import dev.headrace.worker.generate.schedule.PrefixCache.Entry;
import dev.headrace.worker.generate.session.DecoderSession;
import dev.headrace.worker.generate.session.KvMemory;
import org.jspecify.annotations.Nullable;

/**
 * KV memory while a step is planned: what is free, less what the plan has promised already. What
 * the prefix cache holds is as good as free.
 */
final class Memory {
  private final DecoderSession session;
  private final PrefixCache cache;
  private int promised;

  Memory(DecoderSession session, PrefixCache cache) {
    this.session = session;
    this.cache = cache;
  }

  /** Begins a plan. */
  void begin() {
    promised = 0;
  }

  KvMemory now() {
    return session.memory();
  }

  /**
   * Makes room, at the cost of the prefix cache.
   *
   * @param but an entry that must stay
   * @return whether so many blocks are free now
   */
  boolean room(int blocks, @Nullable Entry but) {
    while (session.memory().freeBlocks() - promised < blocks) {
      if (!cache.evict(but)) {
        return false;
      }
    }
    return true;
  }

  /** Promises blocks that are free; the step will take them. */
  void promise(int blocks) {
    promised += blocks;
  }
}
