package dev.headrace.worker.generate.schedule;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.worker.generate.schedule.PrefixCache.Entry;
import dev.headrace.worker.generate.session.DecoderSession;
import dev.headrace.worker.generate.session.KvMemory;
import dev.headrace.worker.generate.session.Sequence;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.TreeSet;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Decides step by step which texts run. Texts have ranks: by urgency, which is the arrival of their
 * request and a patience that deadline and tier give, then by arrival.
 *
 * <ul>
 *   <li>Every text that decodes runs its token. What is left of the step's budget goes to prompts,
 *       in pieces, by rank.
 *   <li>A waiting text joins when the memory for all of its tokens is to be had, and one block more
 *       for each that runs. None overtakes one that waits for memory.
 *   <li>When memory runs out the prefix cache gives way first, then the text of the last rank: it
 *       waits, in its old place, and runs its tokens again later. So the first text always goes on,
 *       and every text is the first one day.
 *   <li>A prompt that begins as one that is just being run waits until it can copy that.
 * </ul>
 */
final class Planner {
  private static final Comparator<Text> BY_RANK =
      Comparator.<Text>comparingLong(Text::urgency).thenComparingLong(Text::rank);

  private final DecoderSession session;
  private final PrefixCache cache;
  private final Memory memory;
  private final SchedulerLimits limits;
  private final LongSupplier nanos;
  private final TreeSet<Text> running = new TreeSet<>(BY_RANK);
  private final PriorityQueue<Text> waiting = new PriorityQueue<>(BY_RANK);
  private int most;
  private long preemptions;

  Planner(DecoderSession session, PrefixCache cache, SchedulerLimits limits, LongSupplier nanos) {
    this.session = session;
    this.cache = cache;
    this.memory = new Memory(session, cache);
    this.limits = limits;
    this.most = limits.texts();
    this.nanos = nanos;
  }

  void add(Text text) {
    waiting.add(text);
  }

  int running() {
    return running.size();
  }

  int waiting() {
    return waiting.size();
  }

  long preemptions() {
    return preemptions;
  }

  /** Texts that run or wait. */
  List<Text> all() {
    List<Text> all = new ArrayList<>(running);
    all.addAll(waiting);
    return all;
  }

  /** Takes out a text that is over; what it ran is kept for others unless it failed. */
  void remove(Text text) {
    waiting.remove(text);
    if (running.remove(text)) {
      Sequence sequence = text.stop();
      if (text.failure() == null) {
        cache.keep(text.tokens(), sequence);
      } else {
        session.release(sequence);
      }
    }
  }

  /** The next step. Texts that cannot run at all have failed afterwards. */
  Plan plan(int budget) {
    Plan plan = new Plan();
    memory.begin();
    int decoding = (int) running.stream().filter(t -> t.pending() == 1).count();
    int left = Math.max(1, budget - decoding);
    for (Text text : List.copyOf(running)) {
      boolean decodes = text.pending() == 1;
      if (text.sequence() == null || (!decodes && left <= 0)) {
        continue;
      }
      int count = reserve(text, decodes ? 1 : Math.min(text.pending(), left));
      if (count > 0) {
        plan.add(text, count);
        left -= decodes ? 0 : count;
      }
    }
    join(plan, left);
    return plan;
  }

  /**
   * Makes sure of the memory for some tokens of a running text.
   *
   * @return how many can run; 0 when the text had to give way itself
   */
  private int reserve(Text text, int tokens) {
    KvMemory now = memory.now();
    int need = now.blocksToGrow(text.ran(), tokens);
    while (!memory.room(need, null)) {
      Text last = running.last();
      if (last == text && running.size() == 1) {
        return alone(text);
      }
      preempt(last);
      if (last == text) {
        return 0;
      }
    }
    memory.promise(need);
    return tokens;
  }

  /** What a text can run that has all of the memory: if nothing, it does not fit the device. */
  private int alone(Text text) {
    KvMemory now = memory.now();
    int room =
        now.freeBlocks() * now.blockTokens()
            + (now.blocks(text.ran()) * now.blockTokens() - text.ran());
    if (room > 0) {
      memory.promise(now.freeBlocks());
      return Math.min(room, text.pending());
    }
    text.fail(
        new Failure(
            ErrorCode.OUT_OF_MEMORY,
            "text of "
                + text.length()
                + " tokens (expected: at most "
                + now.totalBlocks() * now.blockTokens()
                + ", the KV memory)"));
    return 0;
  }

  private void preempt(Text text) {
    preemptions++;
    running.remove(text);
    session.release(text.stop());
    waiting.add(text);
  }

  /** Runs half as many texts from now on. */
  void halve() {
    most = Math.max(1, running.size() / 2);
    while (running.size() > most) {
      preempt(running.last());
    }
  }

  /** Runs one more again. */
  void raise() {
    most = Math.min(limits.texts(), most + 1);
  }

  private void join(Plan plan, int budget) {
    int left = budget;
    for (Text text : waiting.stream().sorted(BY_RANK).toList()) {
      if (left <= 0 || running.size() >= most) {
        return;
      }
      Entry entry = cache.find(text.tokens(), text.length() - 1);
      int known = entry == null ? 0 : entry.common(text.tokens(), text.length() - 1);
      Beside beside = beside(text);
      if (beside.willBe >= Math.max(known, beside.now) + PrefixCache.LEAST_TOKENS) {
        continue;
      }
      if (!begin(text, entry, known, beside)) {
        return;
      }
      waiting.remove(text);
      running.add(text);
      int count = reserve(text, Math.min(text.pending(), left));
      if (count > 0) {
        plan.add(text, count);
        left -= count;
      }
    }
  }

  /** A running text that begins alike: how many tokens can be copied now, and later. */
  private record Beside(@Nullable Text text, int now, int willBe) {}

  private Beside beside(Text text) {
    Text best = null;
    int now = PrefixCache.LEAST_TOKENS - 1;
    int willBe = 0;
    for (Text other : running) {
      int common =
          PrefixCache.common(other.tokens(), other.length(), text.tokens(), text.length() - 1);
      willBe = Math.max(willBe, common);
      int ran = Math.min(common, other.ran());
      if (ran > now) {
        now = ran;
        best = other;
      }
    }
    return new Beside(best, best == null ? 0 : now, limits.prefixCache() ? willBe : 0);
  }

  /** Gives a waiting text its sequence, if there is memory for all of its tokens. */
  private boolean begin(Text text, @Nullable Entry entry, int known, Beside beside) {
    KvMemory now = memory.now();
    int need = now.blocks(text.length());
    for (Text other : running) {
      need += 1 + now.blocks(other.length()) - now.blocks(other.ran());
    }
    if (!running.isEmpty() && now.freeBlocks() + cache.blocks(now) < need) {
      return false;
    }
    text.run(sequence(text, entry, known, beside), nanos.getAsLong());
    return true;
  }

  private Sequence sequence(Text text, @Nullable Entry entry, int known, Beside beside) {
    Text other = beside.text;
    if (limits.prefixCache() && other != null && beside.now >= known) {
      return fork(other.sequence(), beside.now, null);
    }
    if (entry == null) {
      return session.open();
    }
    cache.used(entry);
    KvMemory now = memory.now();
    if (memory.room(now.blocks(text.length()), entry)) {
      return fork(entry.sequence(), known, entry);
    }
    // No room for a copy: the text goes on with the entry itself.
    cache.take(entry);
    session.truncate(entry.sequence(), known);
    return entry.sequence();
  }

  private Sequence fork(@Nullable Sequence of, int tokens, @Nullable Entry entry) {
    if (of == null || !memory.room(memory.now().blocks(tokens), entry)) {
      return session.open();
    }
    return session.fork(of, tokens);
  }
}
