package dev.headrace.worker.generate.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.body.FinishReason;
import dev.headrace.protocol.body.Sampling;
import dev.headrace.worker.engine.EngineException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class SchedulerTest {
  /** Never ends by itself. */
  private static final Sampling ENDLESS =
      new Sampling(0, 1, 0, 0, 0, 0, 1, null, List.of(), List.of(), -1, true);

  private final HashingSession session = new HashingSession(30, 2000, 16, 200);

  private static SchedulerLimits limits(int texts, int stepTokens) {
    return new SchedulerLimits(texts, stepTokens, Duration.ofSeconds(1), true);
  }

  private Scheduler scheduler(SchedulerLimits limits) {
    return new Scheduler(session, limits, System::nanoTime);
  }

  private static Text endless(int promptTokens, int first, int maxTokens) {
    return Texts.of(Texts.prompt(promptTokens, first), maxTokens, ENDLESS, 0);
  }

  private static List<Text> runAll(Scheduler scheduler) {
    List<Text> ended = new ArrayList<>();
    for (int i = 0; scheduler.busy(); i++) {
      ended.addAll(scheduler.step());
      assertThat(i).isLessThan(10_000);
    }
    return ended;
  }

  @Test
  void a_long_prompt_is_run_in_pieces_and_others_go_on_meanwhile() {
    Scheduler scheduler = scheduler(limits(8, 20));
    Text first = endless(5, 0, 100);
    scheduler.add(first);
    scheduler.step();
    scheduler.add(endless(200, 7, 5));
    int before = first.generated();
    for (int i = 0; i < 8; i++) {
      scheduler.step();
    }
    assertThat(first.generated()).isEqualTo(before + 8);
    assertThat(session.stepTokens()).allMatch(n -> n <= 20);
  }

  @Test
  void texts_join_and_leave_at_every_step() {
    Scheduler scheduler = scheduler(limits(2, 64));
    Text a = endless(3, 0, 2);
    Text b = endless(3, 5, 10);
    Text c = endless(3, 9, 10);
    List.of(a, b, c).forEach(scheduler::add);
    assertThat(scheduler.step()).isEmpty();
    assertThat(scheduler.running()).isEqualTo(2);
    assertThat(scheduler.step()).containsExactly(a);
    scheduler.step();
    assertThat(scheduler.running()).isEqualTo(2);
    assertThat(c.generated()).isEqualTo(1);
  }

  @Test
  void a_more_urgent_text_joins_before_those_that_came_earlier() {
    Scheduler scheduler = scheduler(limits(1, 64));
    Text running = endless(3, 0, 2);
    Text early = endless(3, 5, 2);
    Text urgent = endless(3, 9, 2);
    running.urgency(10);
    early.urgency(20);
    urgent.urgency(15);
    scheduler.add(running);
    scheduler.step();
    scheduler.add(early);
    scheduler.add(urgent);
    assertThat(runAll(scheduler)).containsExactly(running, urgent, early);
  }

  @Test
  void a_step_tells_what_it_ran() {
    Scheduler scheduler = scheduler(limits(4, 64));
    scheduler.add(endless(10, 0, 5));
    scheduler.step();
    assertThat(scheduler.lastStep().promptTokens()).isEqualTo(10);
    assertThat(scheduler.lastStep().sequences()).isEqualTo(1);
    assertThat(scheduler.lastStep().contextTokens()).isEqualTo(10);
    scheduler.add(endless(7, 40, 5));
    scheduler.step();
    assertThat(scheduler.lastStep().promptTokens()).isEqualTo(7);
    assertThat(scheduler.lastStep().sequences()).isEqualTo(2);
    assertThat(scheduler.lastStep().contextTokens()).isEqualTo(11 + 7);
  }

  @Test
  void choices_of_one_prompt_run_it_once() {
    Scheduler scheduler = scheduler(limits(8, 64));
    for (int choice = 0; choice < 4; choice++) {
      scheduler.add(endless(160, 3, 4));
    }
    List<Text> ended = runAll(scheduler);
    assertThat(ended).hasSize(4);
    assertThat(session.copied()).isEqualTo(3 * 159);
    int ran = session.stepTokens().stream().mapToInt(Integer::intValue).sum();
    assertThat(ran).isEqualTo(160 + 3 + 4 * 3);
    assertThat(ended.stream().map(Text::cached)).containsExactlyInAnyOrder(0, 159, 159, 159);
  }

  @Test
  void a_prompt_that_begins_as_a_finished_one_copies_it() {
    Scheduler scheduler = scheduler(limits(8, 64));
    scheduler.add(endless(100, 3, 4));
    runAll(scheduler);
    int[] longer = Texts.prompt(120, 3);
    longer[90] = 29;
    Text second = Texts.of(longer, 3, ENDLESS, 0);
    scheduler.add(second);
    runAll(scheduler);
    assertThat(second.cached()).isEqualTo(90);
    assertThat(session.copied()).isEqualTo(90);
  }

  @Test
  void the_text_that_came_last_gives_way_and_loses_nothing() {
    HashingSession small = new HashingSession(30, 160, 16, 12);
    Scheduler scheduler = new Scheduler(small, limits(8, 200), System::nanoTime);
    Text first = endless(40, 0, 100);
    Text second = endless(40, 7, 100);
    scheduler.add(first);
    scheduler.add(second);
    List<Text> ended = runAll(scheduler);
    assertThat(scheduler.preemptions()).isPositive();
    assertThat(ended).containsExactly(first, second);
    Scheduler roomy = scheduler(limits(1, 200));
    Text alone = endless(40, 7, 100);
    roomy.add(alone);
    runAll(roomy);
    assertThat(second.text()).isEqualTo(alone.text());
  }

  @Test
  void the_cache_gives_way_to_texts() {
    HashingSession small = new HashingSession(30, 160, 16, 12);
    Scheduler scheduler = new Scheduler(small, limits(8, 200), System::nanoTime);
    for (int i = 0; i < 12; i++) {
      scheduler.add(endless(100, i, 10));
      runAll(scheduler);
      assertThat(scheduler.memoryFreeBytes()).isEqualTo(12 * 16 * 8);
    }
    assertThat(small.openSequences()).isEqualTo(1);
    assertThat(scheduler.preemptions()).isZero();
  }

  @Test
  void what_is_ended_gives_back_what_there_is() {
    Scheduler scheduler = scheduler(limits(8, 64));
    Text running = endless(5, 0, 100);
    Text waiting = endless(5, 9, 100);
    scheduler.add(running);
    scheduler.step();
    scheduler.step();
    scheduler.add(waiting);
    scheduler.end(running, FinishReason.DEADLINE);
    scheduler.end(waiting, FinishReason.CANCELLED);
    assertThat(scheduler.step()).containsExactly(running, waiting);
    assertThat(running.generated()).isEqualTo(2);
    assertThat(running.text()).hasSize(2);
    assertThat(running.finish()).isEqualTo(FinishReason.DEADLINE);
    assertThat(waiting.text()).isEmpty();
    assertThat(scheduler.busy()).isFalse();
  }

  @Test
  void a_text_that_outgrows_the_memory_fails_alone() {
    HashingSession small = new HashingSession(30, 1000, 16, 4);
    Scheduler scheduler = new Scheduler(small, limits(8, 64), System::nanoTime);
    Text large = endless(100, 0, 10);
    Text fits = endless(30, 5, 10);
    scheduler.add(large);
    scheduler.add(fits);
    runAll(scheduler);
    assertThat(Objects.requireNonNull(large.failure()).code()).isEqualTo(ErrorCode.OUT_OF_MEMORY);
    assertThat(fits.finish()).isEqualTo(FinishReason.LENGTH);
  }

  @Test
  void a_text_that_breaks_the_step_is_found_and_the_others_go_on() {
    Scheduler scheduler = scheduler(limits(8, 64));
    Text good = endless(5, 0, 6);
    Text bad = endless(5, 11, 6);
    session.beforeStep(
        segments ->
            segments.forEach(
                s -> {
                  HashingSession.Kept kept = (HashingSession.Kept) s.sequence();
                  if (kept.ids().length > 0 && kept.ids()[0] == bad.tokens()[0]) {
                    throw new EngineException(EngineException.Kind.INTERNAL, "bad kernel", null);
                  }
                }));
    scheduler.add(good);
    scheduler.add(bad);
    runAll(scheduler);
    assertThat(good.finish()).isEqualTo(FinishReason.LENGTH);
    assertThat(Objects.requireNonNull(bad.failure()).code()).isEqualTo(ErrorCode.INTERNAL_ERROR);
  }

  @Test
  void a_device_with_less_memory_than_promised_runs_fewer_texts() {
    Scheduler scheduler = scheduler(limits(8, 64));
    session.beforeStep(
        segments -> {
          if (segments.size() > 2) {
            throw new EngineException(EngineException.Kind.RESOURCE, "out of memory", null);
          }
        });
    for (int i = 0; i < 6; i++) {
      scheduler.add(endless(5, i, 6));
    }
    assertThat(runAll(scheduler)).hasSize(6).allMatch(t -> t.finish() == FinishReason.LENGTH);
  }

  @Test
  void a_lost_device_is_not_survived() {
    Scheduler scheduler = scheduler(limits(8, 64));
    session.beforeStep(
        segments -> {
          throw new EngineException(EngineException.Kind.FATAL, "gone", null);
        });
    scheduler.add(endless(5, 0, 6));
    assertThatThrownBy(scheduler::step).isInstanceOf(EngineException.class);
  }

  @Test
  void the_context_ends_a_text() {
    HashingSession small = new HashingSession(30, 20, 16, 100);
    Scheduler scheduler = new Scheduler(small, limits(8, 64), System::nanoTime);
    Text text = endless(15, 0, 100);
    scheduler.add(text);
    runAll(scheduler);
    assertThat(text.generated()).isEqualTo(5);
    assertThat(text.finish()).isEqualTo(FinishReason.LENGTH);
  }

  /**
   * Steps of a GPU: 2 ms and 40 us a token. The first took three seconds, for all was loaded and
   * compiled in it; with 16 tokens a step from then on, five texts would run side by side.
   */
  @Test
  void one_slow_step_at_the_start_does_not_keep_texts_from_running_side_by_side() {
    long[] clock = {0};
    HashingSession wide = new HashingSession(30, 2000, 16, 4000);
    wide.beforeStep(
        segments -> {
          int tokens = segments.stream().mapToInt(s -> s.tokens().length).sum();
          clock[0] += wide.stepTokens().isEmpty() ? 3_000_000_000L : 2_000_000L + 40_000L * tokens;
        });
    SchedulerLimits limits = new SchedulerLimits(64, 2048, Duration.ofMillis(150), false);
    Scheduler scheduler = new Scheduler(wide, limits, () -> clock[0]);
    for (int i = 0; i < 256; i++) {
      scheduler.add(endless(160, i, 70));
    }
    long decoded = 0;
    while (scheduler.busy()) {
      scheduler.step();
      decoded += scheduler.lastStep().sequences();
    }
    assertThat(decoded).isEqualTo(256 * 70);
    assertThat((double) decoded / scheduler.steps()).isGreaterThan(40);
  }
}
