package dev.headrace.worker.engine;

import dev.headrace.worker.generate.session.KvMemory;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Hands out a KV cache in runs of blocks, one run for each sequence, so that attention reads a
 * sequence in one piece. A run that must grow moves if its neighbour is in the way, and if the free
 * blocks lie scattered all runs are spread anew: what fits by number of blocks always fits. Moving
 * is cheap beside reading: a sequence is read whole at each of the tokens between two moves.
 */
final class KvRuns {
  private final int blockTokens;
  private final int total;
  private final TreeMap<Integer, Run> byStart = new TreeMap<>();
  private int free;

  /** The blocks of one sequence; {@code count} may be 0. */
  static final class Run {
    private int start;
    private int count;

    int start() {
      return start;
    }

    int count() {
      return count;
    }
  }

  /**
   * Blocks to be copied, in the order of the list.
   *
   * @param count blocks; source and target may overlap
   */
  record Move(int from, int to, int count) {}

  KvRuns(int blockTokens, int total) {
    this.blockTokens = blockTokens;
    this.total = total;
    this.free = total;
  }

  KvMemory memory() {
    return new KvMemory(blockTokens, total, free);
  }

  /**
   * Lets runs grow; what is in them is in them afterwards, once the moves are done.
   *
   * @param wanted blocks of each run, not fewer than it has; together no more than are free
   */
  List<Move> grow(Map<Run, Integer> wanted) {
    int more = wanted.entrySet().stream().mapToInt(e -> e.getValue() - e.getKey().count).sum();
    if (more > free) {
      throw new IllegalStateException("blocks: " + more + " (expected: <= " + free + " free)");
    }
    List<Move> moves = new ArrayList<>();
    Map<Run, Integer> left = new LinkedHashMap<>(wanted);
    for (Map.Entry<Run, Integer> entry : wanted.entrySet()) {
      if (!extend(entry.getKey(), entry.getValue())
          && !relocate(entry.getKey(), entry.getValue(), moves)) {
        spread(left, moves);
        return moves;
      }
      left.remove(entry.getKey());
    }
    return moves;
  }

  private boolean extend(Run run, int count) {
    if (run.count == count) {
      return true;
    }
    if (run.count == 0 || end(run.start) - run.start < count) {
      return false;
    }
    free -= count - run.count;
    run.count = count;
    return true;
  }

  /** Where the blocks end that a run could have without moving others. */
  private int end(int start) {
    Integer next = byStart.higherKey(start);
    return next == null ? total : next;
  }

  /** To the middle of the largest hole, so that it can grow and the run before it, too. */
  private boolean relocate(Run run, int count, List<Move> moves) {
    int best = -1;
    int size = count - 1;
    int from = 0;
    for (Run other : byStart.values()) {
      if (other.start - from > size) {
        best = from;
        size = other.start - from;
      }
      from = other.start + other.count;
    }
    if (total - from > size) {
      best = from;
      size = total - from;
    }
    if (best < 0) {
      return false;
    }
    int to = best + (best == 0 ? 0 : (size - count) / 2);
    if (run.count > 0) {
      moves.add(new Move(run.start, to, run.count));
    }
    place(run, to, count);
    return true;
  }

  private void place(Run run, int start, int count) {
    if (run.count > 0) {
      byStart.remove(run.start);
    }
    free -= count - run.count;
    run.start = start;
    run.count = count;
    byStart.put(start, run);
  }

  /** All runs in their order, grown as wanted, the free blocks shared among them. */
  private void spread(Map<Run, Integer> wanted, List<Move> moves) {
    List<Run> runs = new ArrayList<>(byStart.values());
    wanted.keySet().stream().filter(r -> r.count == 0).forEach(runs::add);
    int needed = runs.stream().mapToInt(r -> wanted.getOrDefault(r, r.count)).sum();
    int gap = (total - needed) / runs.size();
    List<Move> down = new ArrayList<>();
    List<Move> up = new ArrayList<>();
    byStart.clear();
    free = total - needed;
    int at = 0;
    for (Run run : runs) {
      int count = wanted.getOrDefault(run, run.count);
      if (run.count > 0 && run.start != at) {
        (at < run.start ? down : up).add(new Move(run.start, at, run.count));
      }
      run.start = at;
      run.count = count;
      byStart.put(at, run);
      at += count + gap;
    }
    // The order is kept, so no run lands on one that has yet to move: first those that go down, the
    // lowest first, then those that go up, the highest first.
    up.sort(Comparator.comparingInt(Move::from).reversed());
    moves.addAll(down);
    moves.addAll(up);
  }

  /** Gives back all blocks of a run but the first {@code keep}. */
  void shrink(Run run, int keep) {
    if (run.count == 0 || keep >= run.count) {
      return;
    }
    free += run.count - keep;
    run.count = keep;
    if (keep == 0) {
      byStart.remove(run.start);
    }
  }
}
