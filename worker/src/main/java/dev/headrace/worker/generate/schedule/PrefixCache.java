package dev.headrace.worker.generate.schedule;

import dev.headrace.worker.generate.session.DecoderSession;
import dev.headrace.worker.generate.session.KvMemory;
import dev.headrace.worker.generate.session.Sequence;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Sequences of finished texts, kept as long as nobody needs their memory: a prompt that begins as
 * one of them copies its keys and values instead of running the tokens again. The least recently
 * used one goes first.
 *
 * <p>Looking for the longest common beginning compares with every entry. Arrays that differ in
 * their first tokens, as most do, take some nanoseconds, so a tree of prefixes would win nothing at
 * these numbers.
 */
final class PrefixCache {
  /** Tokens below which copying is not worth an entry (chosen). */
  static final int LEAST_TOKENS = 16;

  /** Bounds the time of a search to some microseconds (chosen). */
  private static final int MAX_ENTRIES = 512;

  private final DecoderSession session;
  private final boolean enabled;

  /** Least recently used first. */
  private final List<Entry> entries = new ArrayList<>();

  /** What an entry begins with, and where its keys and values are. Compared by identity. */
  static final class Entry {
    private final int[] tokens;
    private final Sequence sequence;

    private Entry(int[] tokens, Sequence sequence) {
      this.tokens = tokens;
      this.sequence = sequence;
    }

    Sequence sequence() {
      return sequence;
    }

    /** Tokens at the beginning that are the same. */
    int common(int[] other, int length) {
      return PrefixCache.common(tokens, tokens.length, other, length);
    }
  }

  PrefixCache(DecoderSession session, boolean enabled) {
    this.session = session;
    this.enabled = enabled;
  }

  static int common(int[] a, int aLength, int[] b, int bLength) {
    int differ = Arrays.mismatch(a, 0, aLength, b, 0, bLength);
    return differ < 0 ? aLength : differ;
  }

  int entries() {
    return entries.size();
  }

  /** Blocks that could be had by giving up everything. */
  int blocks(KvMemory memory) {
    int blocks = 0;
    for (Entry entry : entries) {
      blocks += memory.blocks(entry.sequence.tokens());
    }
    return blocks;
  }

  /** The entry that shares most with the first {@code length} tokens; null when hardly any does. */
  @Nullable Entry find(int[] tokens, int length) {
    Entry best = null;
    int most = LEAST_TOKENS - 1;
    for (Entry entry : entries) {
      int common = entry.common(tokens, length);
      if (common > most) {
        most = common;
        best = entry;
      }
    }
    return best;
  }

  /** Notes that an entry was of use. */
  void used(Entry entry) {
    if (entries.remove(entry)) {
      entries.add(entry);
    }
  }

  /** Takes a sequence that nobody runs any more: keeps or releases it. */
  void keep(int[] tokens, Sequence sequence) {
    int length = sequence.tokens();
    if (!enabled || length < LEAST_TOKENS) {
      session.release(sequence);
      return;
    }
    Entry entry = new Entry(Arrays.copyOf(tokens, length), sequence);
    for (int i = entries.size() - 1; i >= 0; i--) {
      Entry other = entries.get(i);
      int common = other.common(entry.tokens, length);
      if (common == length) {
        session.release(sequence);
        used(other);
        return;
      }
      if (common == other.tokens.length) {
        drop(other);
      }
    }
    if (entries.size() >= MAX_ENTRIES) {
      evict(null);
    }
    entries.add(entry);
  }

  /** Takes an entry out; its sequence is the caller's. */
  void take(Entry entry) {
    entries.remove(entry);
  }

  /**
   * Gives up the least recently used entry.
   *
   * @param but which must stay
   * @return whether there was one
   */
  boolean evict(@Nullable Entry but) {
    for (Entry entry : entries) {
      if (entry != but) {
        drop(entry);
        return true;
      }
    }
    return false;
  }

  private void drop(Entry entry) {
    entries.remove(entry);
    session.release(entry.sequence);
  }

  void clear() {
    while (!entries.isEmpty()) {
      drop(entries.get(entries.size() - 1));
    }
  }
}
