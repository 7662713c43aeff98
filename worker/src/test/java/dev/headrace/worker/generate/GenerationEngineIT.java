package dev.headrace.worker.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.body.FinishReason;
import dev.headrace.protocol.body.Sampling;
import dev.headrace.worker.device.Concurrency;
import dev.headrace.worker.device.DeviceBatch;
import dev.headrace.worker.device.GenerationRow;
import dev.headrace.worker.device.Row;
import dev.headrace.worker.device.RowDrop;
import dev.headrace.worker.device.RowOutput;
import dev.headrace.worker.device.RowOutput.Generated;
import dev.headrace.worker.engine.EngineException;
import dev.headrace.worker.generate.GenerationEngine.Served;
import dev.headrace.worker.generate.schedule.HashingSession;
import dev.headrace.worker.generate.schedule.Scheduler;
import dev.headrace.worker.generate.schedule.SchedulerLimits;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Rows in, rows out, on a session whose logits are a hash of all tokens before. An IT for its
 * tokenizer is native.
 */
class GenerationEngineIT {
  private static final int WORDS = 40;
  private static final int POSITIONS = 120;
  private static final int END = WORDS + 1;

  private final AtomicBoolean deviceClosed = new AtomicBoolean();
  private GenerationEngine engine;
  private HashingSession session;

  @AfterEach
  void close() {
    if (engine != null && !deviceClosed.get()) {
      engine.close();
    }
  }

  private Served served(String name, HashingSession on, int texts) throws IOException {
    GenerationModel model =
        new GenerationModel(
            name,
            "r1",
            WordTokenizer.open(WORDS),
            new ChatFiles(Optional.empty(), Set.of(END)),
            WORDS + 2,
            POSITIONS,
            new Concurrency(texts, 10_000));
    SchedulerLimits limits = new SchedulerLimits(texts, 30, Duration.ofSeconds(1), true);
    return new Served(model, new Scheduler(on, limits, System::nanoTime));
  }

  /** An engine with one model, {@code a}, and this much memory. */
  private Heard start(int texts, int blocks) throws IOException {
    close();
    deviceClosed.set(false);
    session = new HashingSession(WORDS + 2, POSITIONS, 8, blocks);
    engine =
        new GenerationEngine(
            List.of(served("a", session, texts)), List.of(), () -> deviceClosed.set(true), 42);
    return new Heard();
  }

  private void admit(long batch, String model, Row... rows) {
    engine.admit(
        new DeviceBatch(
            batch,
            engine.models().stream().filter(m -> m.name().equals(model)).findFirst().orElseThrow(),
            Arrays.asList(rows)));
  }

  private void run(Heard heard) {
    for (int steps = 0; engine.busy(); steps++) {
      assertThat(steps).isLessThan(20_000);
      engine.step(heard);
    }
  }

  private static GenerationRow row(int seed, int tokens, Sampling sampling) {
    Random random = new Random(seed);
    int[] prompt = random.ints(1 + random.nextInt(40), 0, WORDS).toArray();
    return new GenerationRow(prompt, sampling, tokens, 0, false);
  }

  /** Goes on to its limit whatever the logits say. */
  private static Sampling endless(double temperature, Long seed) {
    return new Sampling(temperature, 1, 0, 0, 0, 0, 1, seed, List.of(), List.of(), -1, true);
  }

  private static Sampling sampling(Random random) {
    return new Sampling(
        random.nextBoolean() ? 0 : 1.2,
        random.nextBoolean() ? 1 : 0.9,
        random.nextInt(12),
        0,
        random.nextInt(2),
        0,
        random.nextBoolean() ? 1 : 1.1,
        random.nextLong(),
        random.nextInt(3) == 0 ? List.of("w7", "w1 w") : List.of(),
        List.of(),
        random.nextInt(3) - 1,
        random.nextBoolean());
  }

  @Test
  void output_depends_on_no_batch_mate_no_order_of_arrival_and_no_preemption() throws Exception {
    for (int seed = 1; seed <= 20; seed++) {
      Random random = new Random(seed);
      int[] shared = random.ints(40, 0, WORDS).toArray();
      List<GenerationRow> rows = new ArrayList<>();
      for (int i = 0; i < 24; i++) {
        int[] prompt = random.ints(1 + random.nextInt(60), 0, WORDS).toArray();
        if (random.nextBoolean()) {
          System.arraycopy(shared, 0, prompt, 0, Math.min(prompt.length - 1, 40));
        }
        int tokens = 1 + random.nextInt(50);
        rows.add(new GenerationRow(prompt, sampling(random), tokens, random.nextInt(3), false));
      }
      List<Generated> alone = new ArrayList<>();
      for (GenerationRow row : rows) {
        Heard heard = start(1, 1000);
        admit(0, "a", row);
        run(heard);
        alone.add(heard.generated(0, 0));
      }
      assertThat(together(rows, random, 1000)).as("seed %d, all fit", seed).isEqualTo(alone);
      // One text and a piece of another fit: the later ones are preempted again and again.
      assertThat(together(rows, random, 18)).as("seed %d, preempted", seed).isEqualTo(alone);
    }
  }

  /** In batches of random rows, in random order, at random times; all that may differ is cached. */
  private List<Generated> together(List<GenerationRow> rows, Random random, int blocks)
      throws IOException {
    Heard heard = start(2 + random.nextInt(10), blocks);
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      order.add(i);
    }
    Collections.shuffle(order, random);
    long[] batch = new long[rows.size()];
    int[] place = new int[rows.size()];
    for (int next = 0, id = 0; next < order.size(); id++) {
      int size = Math.min(order.size() - next, 1 + random.nextInt(5));
      Row[] own = new Row[size];
      for (int i = 0; i < size; i++, next++) {
        own[i] = rows.get(order.get(next));
        batch[order.get(next)] = id;
        place[order.get(next)] = i;
      }
      admit(id, "a", own);
      for (int steps = random.nextInt(12); steps > 0; steps--) {
        engine.step(heard);
      }
    }
    run(heard);
    List<Generated> found = new ArrayList<>();
    for (int i = 0; i < batch.length; i++) {
      Generated g = heard.generated(batch[i], place[i]);
      found.add(new Generated(g.text(), g.finish(), g.promptTokens(), 0, g.tokens(), g.logprobs()));
    }
    return found;
  }

  @Test
  void choice_of_a_seeded_row_is_drawn_with_the_seed_behind() throws Exception {
    Heard heard = start(8, 100);
    GenerationRow first = row(3, 12, endless(1, 10L));
    GenerationRow third = new GenerationRow(first.prompt(), endless(1, 10L), 12, 2, false);
    GenerationRow other = new GenerationRow(first.prompt(), endless(1, 12L), 12, 0, false);
    admit(0, "a", first, third, other);
    run(heard);
    assertThat(heard.generated(0, 1).text()).isEqualTo(heard.generated(0, 2).text());
    assertThat(heard.generated(0, 0).text()).isNotEqualTo(heard.generated(0, 1).text());
  }

  @Test
  void rows_without_a_seed_differ_from_each_other() throws Exception {
    Heard heard = start(8, 100);
    GenerationRow row = row(3, 12, endless(1, null));
    admit(0, "a", row, row);
    run(heard);
    assertThat(heard.generated(0, 0).text()).isNotEqualTo(heard.generated(0, 1).text());
  }

  @Test
  void models_take_turns() throws Exception {
    HashingSession one = new HashingSession(WORDS + 2, POSITIONS, 8, 100);
    HashingSession two = new HashingSession(WORDS + 2, POSITIONS, 8, 100);
    engine =
        new GenerationEngine(
            List.of(served("a", one, 4), served("b", two, 4)),
            List.of(),
            () -> deviceClosed.set(true),
            1);
    assertThat(engine.models()).extracting(m -> m.name()).containsExactly("a", "b");
    admit(0, "a", row(1, 30, endless(0, 1L)));
    admit(1, "b", row(2, 30, endless(0, 1L)), row(3, 30, endless(0, 1L)));
    Heard heard = new Heard();
    while (engine.busy()) {
      engine.step(heard);
      if (heard.finished.isEmpty()) {
        assertThat(Math.abs(one.stepTokens().size() - two.stepTokens().size()))
            .isLessThanOrEqualTo(1);
      }
    }
    assertThat(heard.finished).hasSize(3);
  }

  @Test
  void dropped_row_ends_at_the_next_step_with_what_there_is() throws Exception {
    Heard heard = start(1, 100);
    GenerationRow endless = row(5, 70, endless(0, 1L));
    admit(7, "a", endless, row(6, 70, endless(0, 1L)));
    for (int i = 0; i < 10; i++) {
      engine.step(heard);
    }
    engine.drop(new RowDrop(99, 0, FinishReason.DEADLINE));
    engine.drop(new RowDrop(7, 0, FinishReason.DEADLINE));
    engine.drop(new RowDrop(7, 1, FinishReason.CANCELLED));
    engine.step(heard);
    Generated began = heard.generated(7, 0);
    assertThat(began.finish()).isEqualTo(FinishReason.DEADLINE);
    assertThat(began.tokens()).isBetween(1, 10);
    assertThat(began.text().split(" ")).hasSizeBetween(1, began.tokens());
    assertThat(heard.generated(7, 1))
        .as("it had not begun: one text at a time")
        .isEqualTo(
            new Generated(
                "", FinishReason.CANCELLED, row(6, 1, endless(0, 1L)).length(), 0, 0, null));
    assertThat(engine.busy()).isFalse();
    assertThat(heard.samples).as("no measure of what was cut short").isEmpty();
  }

  @Test
  void pieces_of_a_streamed_row_are_its_text_and_others_have_none() throws Exception {
    Heard heard = start(4, 100);
    GenerationRow plain = row(8, 25, endless(1, 4L));
    GenerationRow streamed =
        new GenerationRow(plain.prompt(), plain.sampling(), plain.maxTokens(), 0, true);
    admit(1, "a", plain);
    admit(2, "a", streamed);
    run(heard);
    String whole = heard.generated(2, 0).text();
    assertThat(whole).isEqualTo(heard.generated(1, 0).text());
    assertThat(heard.pieces(1)).isEmpty();
    assertThat(heard.pieces(2)).hasSizeGreaterThan(15);
    assertThat(whole).startsWith(String.join("", heard.pieces(2)));
  }

  @Test
  void text_that_breaks_the_step_fails_alone() throws Exception {
    Heard heard = start(4, 100);
    int[] guilty = {3, 3, 3, 3};
    session.beforeStep(
        segments -> {
          if (segments.stream().anyMatch(s -> Arrays.equals(s.tokens(), guilty))) {
            throw new EngineException(EngineException.Kind.INTERNAL, "broken", null);
          }
        });
    admit(
        0,
        "a",
        row(1, 5, endless(0, 1L)),
        new GenerationRow(guilty, Sampling.GREEDY, 5, 0, false),
        row(2, 5, endless(0, 1L)));
    run(heard);
    assertThat(heard.generated(0, 0).tokens()).isEqualTo(5);
    assertThat(heard.generated(0, 2).tokens()).isEqualTo(5);
    assertThat(heard.output(0, 1))
        .isInstanceOfSatisfying(
            RowOutput.Failed.class,
            f -> {
              assertThat(f.failure().code()).isEqualTo(ErrorCode.INTERNAL_ERROR);
              assertThat(f.failure().message()).contains("broken");
            });
  }

  @Test
  void finished_rows_are_measured_with_all_their_tokens() throws Exception {
    Heard heard = start(4, 100);
    GenerationRow row = row(4, 9, endless(0, 1L));
    admit(0, "a", row);
    run(heard);
    assertThat(heard.samples).hasSize(1);
    assertThat(heard.samples.get(0).model()).isEqualTo("a");
    assertThat(heard.samples.get(0).tokens()).isEqualTo(row.length() + 9);
    assertThat(heard.samples.get(0).seconds()).isPositive();
  }

  @Test
  void closing_frees_the_models_and_the_device() throws Exception {
    start(4, 100);
    admit(0, "a", row(1, 50, endless(0, 1L)));
    engine.step(new Heard());
    assertThat(session.openSequences()).isPositive();
    engine.close();
    assertThat(session.openSequences()).isZero();
    assertThat(deviceClosed).isTrue();
    assertThatThrownBy(() -> session.fork(session.open(), 0))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
