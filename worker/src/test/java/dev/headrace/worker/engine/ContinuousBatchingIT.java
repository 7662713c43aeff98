package dev.headrace.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.body.Sampling;
import dev.headrace.worker.device.GenerationRow;
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
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The scheduler on real decoders: what a text becomes does not depend on its company. */
class ContinuousBatchingIT {
  private static final Vocabulary VOCABULARY =
      new Vocabulary(
          ids -> Arrays.stream(ids).mapToObj(i -> i + " ").collect(Collectors.joining()), Set.of());

  @ParameterizedTest
  @ValueSource(strings = {"llama", "qwen3", "gpt2"})
  void texts_are_the_same_alone_and_together_preempted_and_from_the_cache(String model)
      throws IOException {
    try (TorchEngine engine = TorchEngine.open(DeviceInventory.cpu(), 1)) {
      List<String> alone = run(engine, model, 1, 1 << 30, false);
      assertThat(run(engine, model, 16, 1 << 30, true)).isEqualTo(alone);
      // Five blocks: enough for one text and a piece of another.
      long tight = 5L * KvPlan.BLOCK_TOKENS * bytesPerToken(engine, model);
      assertThat(run(engine, model, 16, tight, true)).isEqualTo(alone);
    }
  }

  private static long bytesPerToken(TorchEngine engine, String model) throws IOException {
    try (DecoderSession session = session(engine, model, 1)) {
      return session.shape().kvBytesPerToken();
    }
  }

  private static DecoderSession session(TorchEngine engine, String model, long bytes)
      throws IOException {
    return engine.load(
        ReferenceDecoder.of(model).get(0).description(), Precision.FLOAT32, new KvPlan(bytes));
  }

  private static List<String> run(
      TorchEngine engine, String model, int together, long kvBytes, boolean prefixCache)
      throws IOException {
    DecoderSession session = session(engine, model, kvBytes);
    int longest = session.shape().maxPositions();
    SchedulerLimits limits = new SchedulerLimits(together, 24, Duration.ofSeconds(1), prefixCache);
    try (Scheduler scheduler = new Scheduler(session, limits, System::nanoTime)) {
      List<Text> texts = new ArrayList<>();
      Random random = new Random(7);
      int[] shared = random.ints(longest / 2, 0, session.shape().vocabulary()).toArray();
      for (int i = 0; i < 12; i++) {
        int[] prompt = Arrays.copyOf(shared, 1 + random.nextInt(shared.length));
        prompt[prompt.length - 1] = random.nextInt(session.shape().vocabulary());
        texts.add(text(prompt, 4 + random.nextInt(longest / 3)));
        texts.add(text(prompt, 8));
      }
      texts.forEach(scheduler::add);
      for (int steps = 0; scheduler.busy(); steps++) {
        scheduler.step();
        assertThat(steps).isLessThan(5_000);
      }
      assertThat(texts).allMatch(t -> t.failure() == null);
      return texts.stream().map(Text::text).toList();
    }
  }

  private static Text text(int[] prompt, int tokens) {
    return new Text(new GenerationRow(prompt, Sampling.GREEDY, tokens, 0, false), 0, VOCABULARY);
  }
}
