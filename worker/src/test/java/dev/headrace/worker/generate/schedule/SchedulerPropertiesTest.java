package dev.headrace.worker.generate.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.body.FinishReason;
import dev.headrace.protocol.body.Sampling;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Random schedules of joining, giving up and scarce memory. */
class SchedulerPropertiesTest {
  private static final int VOCABULARY = 40;
  private static final int POSITIONS = 120;

  private record Wanted(int[] prompt, int maxTokens, Sampling sampling, long seed) {
    Text text() {
      return Texts.of(prompt, maxTokens, sampling, seed);
    }
  }

  @Property(tries = 100)
  void a_text_depends_on_nothing_but_its_request(@ForAll long seed) {
    Random random = new Random(seed);
    int blockTokens = 1 + random.nextInt(16);
    int least = (POSITIONS + blockTokens - 1) / blockTokens;
    HashingSession session =
        new HashingSession(VOCABULARY, POSITIONS, blockTokens, least + random.nextInt(4 * least));
    SchedulerLimits limits =
        new SchedulerLimits(
            1 + random.nextInt(12),
            1 + random.nextInt(60),
            Duration.ofMillis(10),
            random.nextInt(4) > 0);
    Scheduler scheduler = new Scheduler(session, limits, System::nanoTime);

    List<Wanted> wanted = wanted(random, 30);
    Map<Text, Wanted> texts = new HashMap<>();
    Map<Text, FinishReason> givenUp = new HashMap<>();
    List<Text> ended = new ArrayList<>();
    int next = 0;
    for (int turn = 0; next < wanted.size() || scheduler.busy(); turn++) {
      while (next < wanted.size() && random.nextInt(3) == 0) {
        Text text = wanted.get(next).text();
        texts.put(text, wanted.get(next++));
        scheduler.add(text);
      }
      if (random.nextInt(40) == 0 && !texts.isEmpty()) {
        Text text = List.copyOf(texts.keySet()).get(random.nextInt(texts.size()));
        if (!ended.contains(text) && givenUp.putIfAbsent(text, FinishReason.CANCELLED) == null) {
          scheduler.end(text, FinishReason.CANCELLED);
        }
      }
      ended.addAll(scheduler.step());
      assertThat(scheduler.running()).as("seed %d", seed).isLessThanOrEqualTo(limits.texts());
      assertThat(turn).as("seed %d: nothing starves", seed).isLessThan(20_000);
    }

    assertThat(ended).doesNotHaveDuplicates().hasSize(wanted.size());
    for (Text text : ended) {
      Text alone = alone(texts.get(text));
      assertThat(text.failure()).as("seed %d", seed).isNull();
      if (text.finish() == FinishReason.CANCELLED) {
        assertThat(givenUp).containsKey(text);
        assertThat(alone.text()).as("seed %d", seed).startsWith(text.text());
      } else {
        assertThat(text.text()).as("seed %d", seed).isEqualTo(alone.text());
        assertThat(text.finish()).as("seed %d", seed).isEqualTo(alone.finish());
        assertThat(text.generated()).as("seed %d", seed).isEqualTo(alone.generated());
        assertThat(text.logprobs()).isEqualTo(alone.logprobs());
      }
    }
    long free = scheduler.memoryFreeBytes();
    assertThat(free)
        .as("seed %d: all memory is free or the cache's", seed)
        .isEqualTo((long) session.memory().totalBlocks() * blockTokens * 8);
  }

  private static Text alone(Wanted wanted) {
    HashingSession session = new HashingSession(VOCABULARY, POSITIONS, 16, 1000);
    SchedulerLimits limits = new SchedulerLimits(1, 1000, Duration.ofSeconds(1), false);
    Scheduler scheduler = new Scheduler(session, limits, System::nanoTime);
    Text text = wanted.text();
    scheduler.add(text);
    while (scheduler.busy()) {
      scheduler.step();
    }
    return text;
  }

  private static List<Wanted> wanted(Random random, int count) {
    int[] shared = Texts.prompt(50, random.nextInt(20));
    List<Wanted> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int[] prompt =
          Texts.prompt(1 + random.nextInt(random.nextInt(4) == 0 ? 90 : 30), random.nextInt(20));
      if (random.nextBoolean()) {
        System.arraycopy(shared, 0, prompt, 0, Math.min(prompt.length, random.nextInt(51)));
      }
      all.add(new Wanted(prompt, 1 + random.nextInt(40), sampling(random), random.nextLong()));
      while (random.nextInt(3) == 0) { // another choice of the same
        Wanted last = all.get(all.size() - 1);
        all.add(new Wanted(last.prompt, last.maxTokens, last.sampling, last.seed + 1));
      }
    }
    return all;
  }

  private static Sampling sampling(Random random) {
    double temperature = random.nextBoolean() ? 0 : 1;
    List<String> stop = random.nextInt(3) == 0 ? List.of("B", "CD", "QRS") : List.of();
    return new Sampling(
        temperature,
        random.nextBoolean() ? 1 : 0.9,
        random.nextInt(10),
        0,
        0,
        random.nextInt(2),
        1,
        1L,
        stop,
        List.of(5),
        random.nextInt(3) - 1,
        random.nextBoolean());
  }
}
