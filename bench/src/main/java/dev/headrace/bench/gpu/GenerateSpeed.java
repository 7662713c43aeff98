package dev.headrace.bench.gpu;

import dev.headrace.protocol.body.Sampling;
import dev.headrace.worker.device.GenerationRow;
import dev.headrace.worker.engine.KvPlan;
import dev.headrace.worker.engine.TorchEngine;
import dev.headrace.worker.generate.schedule.Scheduler;
import dev.headrace.worker.generate.schedule.SchedulerLimits;
import dev.headrace.worker.generate.schedule.Text;
import dev.headrace.worker.generate.schedule.Vocabulary;
import dev.headrace.worker.generate.session.DecoderSession;
import dev.headrace.worker.model.Precision;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * Tokens per second of the scheduler and a decoder on a GPU; ids are not turned into text. All
 * sequences start at once, with prompts of mixed length, and generate as many tokens each.
 */
final class GenerateSpeed implements AutoCloseable {
  /** Tokens that each sequence generates (chosen: some seconds for the largest model). */
  static final int TOKENS = 128;

  static final int[] SEQUENCES = {1, 32, 128};
  private static final int ROUNDS = 3;
  private static final int KV_TOKENS = 128 * (512 + TOKENS + 64);

  private static final SchedulerLimits LIMITS =
      new SchedulerLimits(128, 8192, Duration.ofSeconds(1), false);

  private static final Vocabulary VOCABULARY = new Vocabulary(ids -> "x", Set.of());

  private final RandomLlama shape;
  private final Scheduler scheduler;

  GenerateSpeed(RandomLlama shape, TorchEngine engine, Precision precision) throws IOException {
    this.shape = shape;
    long bytes = (long) (KV_TOKENS * shape.kvBytes());
    DecoderSession session = engine.load(shape.describe(), precision, new KvPlan(bytes));
    this.scheduler = new Scheduler(session, LIMITS, System::nanoTime);
  }

  /** Tokens of each prompt: one of 128, several from 32 to 512. */
  static int[] prompts(int sequences) {
    return sequences == 1
        ? new int[] {128}
        : new Random(sequences).ints(sequences, 32, 513).toArray();
  }

  /** Tokens generated a second, prompts included in the time; median of several rounds. */
  double tokensPerSecond(int sequences, Sampling sampling) {
    double[] rates = new double[ROUNDS];
    for (int round = -1; round < ROUNDS; round++) {
      double rate = run(sequences, sampling);
      if (round >= 0) {
        rates[round] = rate;
      }
    }
    Arrays.sort(rates);
    return rates[ROUNDS / 2];
  }

  private double run(int sequences, Sampling sampling) {
    Random random = new Random(sequences);
    List<Text> texts = new ArrayList<>();
    for (int length : prompts(sequences)) {
      int[] prompt = random.ints(length, 0, shape.words()).toArray();
      texts.add(
          new Text(
              new GenerationRow(prompt, sampling, TOKENS, 0, false), texts.size(), VOCABULARY));
    }
    long started = System.nanoTime();
    texts.forEach(scheduler::add);
    while (scheduler.busy()) {
      scheduler.step();
    }
    double seconds = (System.nanoTime() - started) / 1e9;
    for (Text text : texts) {
      if (text.generated() != TOKENS) {
        throw new IllegalStateException(
            "tokens: %d %s (expected: %d)".formatted(text.generated(), text.failure(), TOKENS));
      }
    }
    return sequences * TOKENS / seconds;
  }

  /** Tokens a second if memory did nothing but read the weights and what is kept, each step. */
  double bound(int sequences, double bytesPerSecond) {
    double kept = Arrays.stream(prompts(sequences)).asDoubleStream().sum();
    double bytes = 0;
    for (int step = 0; step < TOKENS; step++) {
      bytes += shape.weightBytes() + (kept + (double) sequences * step) * shape.kvBytes();
    }
    return sequences * TOKENS * bytesPerSecond / bytes;
  }

  @Override
  public void close() {
    scheduler.close();
  }
}
