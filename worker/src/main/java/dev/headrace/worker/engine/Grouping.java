package dev.headrace.worker.engine;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;

/**
 * Splits a batch into groups of rows of like length that run one after the other, so that little is
 * computed for padding and what a layer makes stays in the cache. A CPU loses nothing by small
 * groups; a GPU is better left with large ones.
 *
 * @param overheadTokens what starting one more group costs, in tokens of work
 * @param maxTokens the most tokens of a group, padding included; a longer row is a group of its own
 * @param multiple rows times tokens of a group is a multiple of this: oneDNN compiles code for each
 *     number that occurs and keeps that of the last thousand
 */
record Grouping(int overheadTokens, int maxTokens, int multiple) {
  /** Smaller groups are not made for the sake of sharing (chosen). */
  private static final int MIN_SHARE_TOKENS = 64;

  /** Shares of a thread that are tried (chosen: each try is a fraction of a millisecond). */
  private static final int[] PARTS = {1, 2, 3, 4, 6, 8};

  /**
   * Rows that run together, padded to {@code tokens}.
   *
   * @param rows indices into the batch
   */
  record Group(List<Integer> rows, int tokens) {}

  /**
   * The groups that cost least, by dynamic programming over the rows sorted by length; every row is
   * in one of them. A group's length may pass its longest row by {@code multiple - 1} but never
   * {@code limit}.
   */
  List<Group> split(int[] lengths, int limit) {
    return split(lengths, limit, 1);
  }

  /**
   * The groups with which so many threads are done first, each taking the longest that is left: few
   * large groups leave a thread idle at the end, many small ones cost more.
   *
   * @param threads that run groups side by side
   */
  List<Group> split(int[] lengths, int limit, int threads) {
    if (threads == 1) {
      return cheapest(lengths, limit);
    }
    List<Group> best = List.of();
    long soonest = Long.MAX_VALUE;
    for (int parts : PARTS) {
      List<Group> groups = shared(lengths, parts * threads).cheapest(lengths, limit);
      long end = end(groups, threads);
      if (end < soonest) {
        soonest = end;
        best = groups;
      }
    }
    return best;
  }

  /** The same with groups of at most one of so many equal shares. */
  private Grouping shared(int[] lengths, int shares) {
    int share = Arrays.stream(lengths).sum() / shares;
    int most = Math.max(Math.min(MIN_SHARE_TOKENS, maxTokens), Math.min(maxTokens, share));
    return new Grouping(overheadTokens, most, multiple);
  }

  /** When the last thread is done, in tokens of work. */
  private long end(List<Group> groups, int threads) {
    long[] ends = new long[threads];
    for (int i = groups.size() - 1; i >= 0; i--) {
      Group group = groups.get(i);
      Arrays.sort(ends);
      ends[0] += overheadTokens + (long) group.rows().size() * group.tokens();
    }
    return Arrays.stream(ends).max().orElse(0);
  }

  private List<Group> cheapest(int[] lengths, int limit) {
    Integer[] order = new Integer[lengths.length];
    Arrays.setAll(order, i -> i);
    Arrays.sort(order, Comparator.comparingInt(i -> lengths[i]));
    int[] sorted = Arrays.stream(order).mapToInt(i -> lengths[i]).toArray();
    int[] starts = bestStarts(sorted, limit);
    Deque<Group> groups = new ArrayDeque<>();
    for (int end = lengths.length; end > 0; end = starts[end]) {
      List<Integer> rows = List.of(Arrays.copyOfRange(order, starts[end], end));
      groups.addFirst(new Group(rows, padded(sorted[end - 1], rows.size(), limit)));
    }
    return List.copyOf(groups);
  }

  /** For each end, where the last group of the cheapest split of the rows before it starts. */
  private int[] bestStarts(int[] sorted, int limit) {
    int[] starts = new int[sorted.length + 1];
    long[] costs = new long[sorted.length + 1];
    for (int end = 1; end <= sorted.length; end++) {
      costs[end] = Long.MAX_VALUE;
      for (int start = end - 1; start >= 0; start--) {
        int rows = end - start;
        int tokens = rows * padded(sorted[end - 1], rows, limit);
        if (rows > 1 && tokens > maxTokens) {
          break;
        }
        long cost = costs[start] + overheadTokens + tokens;
        if (cost < costs[end]) {
          costs[end] = cost;
          starts[end] = start;
        }
      }
    }
    return starts;
  }

  private int padded(int longest, int rows, int limit) {
    if (multiple == 1) {
      return Math.min(limit, longest); // asked for each pair of rows of a batch
    }
    int step = multiple / gcd(rows, multiple);
    return Math.min(limit, (longest + step - 1) / step * step);
  }

  private static int gcd(int a, int b) {
    return b == 0 ? a : gcd(b, a % b);
  }
}
