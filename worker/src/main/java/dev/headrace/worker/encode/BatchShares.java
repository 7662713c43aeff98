package dev.headrace.worker.encode;

import dev.headrace.worker.device.Row;
import java.util.ArrayList;
import java.util.List;

/** Shares the rows of a batch among devices, by the tokens that each runs a second. */
final class BatchShares {
  /**
   * With fewer tokens a part takes a GPU as long as with these (measured on an H200: docs/gpu.md).
   */
  static final int LEAST_TOKENS = 4096;

  /** Weight of the newest speed, of a part that is no small one (chosen). */
  private static final double NEWEST = 0.3;

  private final double[] speeds;
  private final boolean[] known;
  private final double[] owed;

  BatchShares(int devices) {
    speeds = new double[devices];
    known = new boolean[devices];
    owed = new double[devices];
  }

  /**
   * So many tokens took a device so long. Speeds that are not known yet are taken for the mean of
   * the others.
   */
  void measured(int device, long tokens, double seconds) {
    owed[device] -= tokens;
    if (seconds <= 0 || tokens <= 0) {
      return;
    }
    double speed = tokens / seconds;
    double weight = NEWEST * Math.min(1, (double) tokens / LEAST_TOKENS);
    speeds[device] = known[device] ? weight * speed + (1 - weight) * speeds[device] : speed;
    known[device] = true;
  }

  /** A part that was given to a device did not run. */
  void failed(int device, long tokens) {
    owed[device] -= tokens;
  }

  /** Tokens a second of a device. */
  double speed(int device) {
    if (known[device]) {
      return speeds[device];
    }
    double sum = 0;
    int count = 0;
    for (int i = 0; i < speeds.length; i++) {
      sum += known[i] ? speeds[i] : 0;
      count += known[i] ? 1 : 0;
    }
    return count == 0 ? 1 : sum / count;
  }

  /**
   * Splits rows, in their order, into one part for each device; parts may be empty. All devices
   * should be done at the same time, with what they were given before. Small parts are not worth
   * the start: then fewer devices get one.
   */
  List<List<Row>> split(List<? extends Row> rows) {
    long tokens = tokens(rows);
    double[] share = shares(tokens);
    List<List<Row>> parts = new ArrayList<>();
    int at = 0;
    double until = 0;
    double before = 0;
    int last = lastWith(share);
    for (int device = 0; device < speeds.length; device++) {
      until += share[device];
      List<Row> part = new ArrayList<>();
      while (at < rows.size() && share[device] > 0) {
        int length = rows.get(at).length();
        if (device != last && before + length / 2.0 > until) {
          break;
        }
        part.add(rows.get(at));
        before += length;
        at++;
      }
      parts.add(part);
      owed[device] += tokens(part);
    }
    return parts;
  }

  private static int lastWith(double[] share) {
    int last = 0;
    for (int i = 0; i < share.length; i++) {
      last = share[i] > 0 ? i : last;
    }
    return last;
  }

  static long tokens(List<? extends Row> rows) {
    return rows.stream().mapToLong(Row::length).sum();
  }

  /** Tokens for each device: what it can do until all are done, less what it still owes. */
  private double[] shares(long tokens) {
    boolean[] out = new boolean[speeds.length];
    while (true) {
      double[] share = filled(tokens, out);
      int smallest = -1;
      int given = 0;
      for (int i = 0; i < share.length; i++) {
        if (share[i] > 0) {
          given++;
          smallest = smallest < 0 || share[i] < share[smallest] ? i : smallest;
        }
      }
      if (given <= 1 || share[smallest] >= LEAST_TOKENS) {
        return share;
      }
      out[smallest] = true;
    }
  }

  /** Raises the common end until all tokens are given (water filling). */
  private double[] filled(long tokens, boolean[] out) {
    double[] share = new double[speeds.length];
    boolean[] behind = out.clone();
    while (true) {
      double speed = 0;
      double work = tokens;
      for (int i = 0; i < speeds.length; i++) {
        if (!behind[i]) {
          speed += speed(i);
          work += owed[i];
        }
      }
      double end = work / speed;
      int late = -1;
      for (int i = 0; i < speeds.length; i++) {
        share[i] = behind[i] ? 0 : end * speed(i) - owed[i];
        late = !behind[i] && share[i] < 0 ? i : late;
      }
      if (late < 0) {
        return share;
      }
      behind[late] = true;
    }
  }
}
