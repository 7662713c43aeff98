package dev.headrace.bench.gpu;

import dev.headrace.worker.engine.EncoderSession;
import dev.headrace.worker.engine.PendingBatch;
import dev.headrace.worker.text.TokenizedText;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Random;

/** Times batches on a session the way the worker runs them: the next one is started in time. */
final class EncoderSpeed {
  private static final int ROUNDS = 3;
  private static final double ROUND_SECONDS = 0.4;
  private static final int WARM_UP = 4;

  private final EncoderSession session;

  EncoderSpeed(EncoderSession session) {
    this.session = session;
  }

  /** Seconds a batch when batches follow each other without a gap; median of several rounds. */
  double throughput(List<List<TokenizedText>> batches) {
    run(batches, WARM_UP);
    int times = Math.max(1, (int) (ROUND_SECONDS * batches.size() / run(batches, 1)));
    return median(() -> run(batches, times)) / times / batches.size();
  }

  /** Seconds a batch when each is awaited before the next is started. */
  double oneByOne(List<List<TokenizedText>> batches) {
    int times = Math.max(1, (int) (ROUND_SECONDS * batches.size() / run(batches, 1)));
    return median(
            () -> {
              long started = System.nanoTime();
              for (int i = 0; i < times; i++) {
                batches.forEach(session::run);
              }
              return (System.nanoTime() - started) / 1e9;
            })
        / times
        / batches.size();
  }

  /** Seconds from handing over one batch to holding its values; median of all. */
  double latency(List<TokenizedText> batch) {
    double[] seconds = new double[200];
    for (int i = -20; i < seconds.length; i++) {
      long started = System.nanoTime();
      session.run(batch);
      if (i >= 0) {
        seconds[i] = (System.nanoTime() - started) / 1e9;
      }
    }
    Arrays.sort(seconds);
    return seconds[seconds.length / 2];
  }

  private interface Round {
    double seconds();
  }

  private static double median(Round round) {
    double[] seconds = new double[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
      seconds[i] = round.seconds();
    }
    Arrays.sort(seconds);
    return seconds[ROUNDS / 2];
  }

  private double run(List<List<TokenizedText>> batches, int times) {
    long started = System.nanoTime();
    Deque<PendingBatch> pending = new ArrayDeque<>();
    for (int i = 0; i < times; i++) {
      for (List<TokenizedText> batch : batches) {
        if (pending.size() == session.depth()) {
          pending.remove().await();
        }
        pending.add(session.start(batch));
      }
    }
    pending.forEach(PendingBatch::await);
    return (System.nanoTime() - started) / 1e9;
  }

  /** Texts of random ids, all of one length. */
  static List<TokenizedText> texts(int rows, int tokens) {
    Random random = new Random(rows * 31L + tokens);
    List<TokenizedText> texts = new ArrayList<>(rows);
    for (int i = 0; i < rows; i++) {
      texts.add(new TokenizedText(random.ints(tokens, 1, 30522).toArray(), false));
    }
    return texts;
  }
}
