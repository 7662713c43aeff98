package dev.headrace.worker.engine;

import dev.headrace.protocol.body.FinishReason;
import dev.headrace.protocol.body.Sampling;
import dev.headrace.worker.device.GenerationRow;
import dev.headrace.worker.generate.schedule.Scheduler;
import dev.headrace.worker.generate.schedule.SchedulerLimits;
import dev.headrace.worker.generate.schedule.Text;
import dev.headrace.worker.generate.schedule.Vocabulary;
import dev.headrace.worker.model.Precision;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * Runs many steps of texts of mixed lengths that join, share beginnings, are preempted and given
 * up; prints how much memory the process had gained between the end of the warm-up and the end, in
 * KiB. A process of its own, for what a test runner allocates beside it is no concern.
 *
 * <p>Arguments: precision, steps of the warm-up, steps at least, minutes at least.
 */
final class DecoderMemoryProbe {
  private static final int TOGETHER = 12;
  private static final Vocabulary VOCABULARY =
      new Vocabulary(ids -> "x".repeat(ids.length), Set.of());

  private final Random random = new Random(11);
  private final int[] shared = random.ints(60, 0, 64).toArray();
  private final Scheduler scheduler;
  private int live;

  private DecoderMemoryProbe(Scheduler scheduler) {
    this.scheduler = scheduler;
  }

  public static void main(String[] args) throws IOException {
    try (TorchEngine engine = TorchEngine.open(DeviceInventory.cpu(), 1);
        Scheduler scheduler =
            new Scheduler(
                engine.load(
                    ReferenceDecoder.of("llama").get(0).description(160),
                    Precision.ofLabel(args[0]),
                    // Some ten of 150 tokens fit.
                    new KvPlan(600_000)),
                new SchedulerLimits(TOGETHER, 48, Duration.ofSeconds(1), true),
                System::nanoTime)) {
      DecoderMemoryProbe probe = new DecoderMemoryProbe(scheduler);
      probe.run(Integer.parseInt(args[1]), 0);
      long before = MemoryProbe.residentKib();
      probe.run(Integer.parseInt(args[2]), Integer.parseInt(args[3]));
      System.out.println("grown " + (MemoryProbe.residentKib() - before));
    }
  }

  private void run(int steps, int minutes) {
    long until = System.nanoTime() + Duration.ofMinutes(minutes).toNanos();
    for (int i = 0; i < steps || System.nanoTime() - until < 0; i++) {
      while (live < 2 * TOGETHER) {
        Text text = text();
        scheduler.add(text);
        live++;
        if (random.nextInt(20) == 0) {
          scheduler.end(text, FinishReason.CANCELLED);
        }
      }
      List<Text> over = scheduler.step();
      live -= over.size();
      for (Text text : over) {
        if (text.failure() != null) {
          throw new IllegalStateException(text.failure().toString());
        }
      }
    }
  }

  private Text text() {
    int[] prompt = random.ints(1 + random.nextInt(90), 0, 64).toArray();
    if (random.nextBoolean()) {
      System.arraycopy(shared, 0, prompt, 0, Math.min(prompt.length, shared.length));
    }
    GenerationRow row =
        new GenerationRow(prompt, Sampling.DEFAULT, 1 + random.nextInt(60), 0, false);
    return new Text(row, random.nextLong(), VOCABULARY);
  }
}
