package dev.headrace.worker.heartbeat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.headrace.protocol.Task;
import dev.headrace.protocol.service.GenerationCurve;
import dev.headrace.protocol.service.ModelReport;
import dev.headrace.protocol.service.ServiceCurve;
import dev.headrace.protocol.service.SideBySide;
import dev.headrace.worker.device.Concurrency;
import dev.headrace.worker.device.ServiceSample;
import dev.headrace.worker.device.StepSample;
import dev.headrace.worker.testing.FakeGenerator;
import dev.headrace.worker.testing.WordModel;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class MetersTest {
  private final ModelMeters meters = new ModelMeters();

  private void run(int rows, int length, double seconds) {
    meters.add(new ServiceSample("m", rows, length, (long) rows * length, seconds));
  }

  @Test
  void curve_is_learned_from_the_batches() {
    ServiceCurve truth = new ServiceCurve(3e-3, 5e-5, 1e-7, 0, 1);
    Random random = new Random(3);
    for (int i = 0; i < 300; i++) {
      int rows = 1 + random.nextInt(32);
      int length = 1 + random.nextInt(300);
      run(rows, length, truth.batchSeconds(rows, length));
    }
    double expected = truth.batchSeconds(16, 100);
    assertThat(meters.curve("m").batchSeconds(16, 100)).isCloseTo(expected, within(expected / 20));
    assertThat(meters.curve("m").samples()).isEqualTo(300);
    assertThat(meters.curve("other").samples()).isZero();
  }

  @Test
  void usual_batch_size_follows_slowly() {
    assertThat(meters.batchRows("m")).isEqualTo(1);
    for (int i = 0; i < 200; i++) {
      run(30, 10, 0.01);
    }
    assertThat(meters.batchRows("m")).isCloseTo(30, within(0.1));
    run(1, 10, 0.01);
    assertThat(meters.batchRows("m")).isGreaterThan(28);
  }

  @Test
  void memory_limit_is_halved_and_creeps_up_again() {
    assertThat(meters.maxTokens("m")).isEqualTo(Long.MAX_VALUE);
    meters.tooLarge("m", 1000);
    assertThat(meters.maxTokens("m")).isEqualTo(500);
    meters.tooLarge("m", 4000);
    assertThat(meters.maxTokens("m")).isEqualTo(500);
    for (int i = 0; i < 1000; i++) {
      run(1, 10, 0.01); // says nothing about the limit
    }
    assertThat(meters.maxTokens("m")).isEqualTo(500);
    for (int i = 0; i < 64; i++) {
      run(5, 100, 0.01);
    }
    assertThat(meters.maxTokens("m")).isEqualTo(625);
    for (int i = 0; i < 30; i++) {
      meters.tooLarge("m", 1);
    }
    assertThat(meters.maxTokens("m")).isEqualTo(1);
  }

  @Test
  void report_names_revision_tasks_and_curve() {
    run(4, 10, 0.01);
    WordModel model = WordModel.named("m");
    var report = meters.reports(Map.of("m", model)).get("m");
    assertThat(report.revision()).isEqualTo("r1");
    assertThat(report.tasks()).isEqualTo(model.tasks());
    assertThat(report.curve().samples()).isEqualTo(1);
  }

  @Test
  void utilisation_is_the_recent_share_of_busy_time() {
    BusyMeter busy = new BusyMeter(0);
    long now = 0;
    for (int i = 0; i < 60; i++) {
      now += TimeUnit.SECONDS.toNanos(1);
      busy.worked(0.25);
      busy.update(now);
    }
    assertThat(busy.update(now)).isCloseTo(0.25, within(0.01));
    now += TimeUnit.SECONDS.toNanos(60);
    assertThat(busy.update(now)).isLessThan(0.01);
  }

  @Test
  void batch_longer_than_a_heartbeat_counts_for_its_whole_time() {
    BusyMeter busy = new BusyMeter(0);
    long now = 0;
    for (int i = 0; i < 100; i++) {
      now += TimeUnit.SECONDS.toNanos(1);
      if (i % 4 == 3) {
        busy.worked(4);
      }
      busy.update(now);
    }
    assertThat(busy.update(now)).isBetween(0.9, 1.0);
  }

  private SideBySide sideBySide(int rows, long tokens) {
    Concurrency most = new Concurrency(rows, tokens);
    FakeGenerator generator = new FakeGenerator("m", most);
    return Objects.requireNonNull(meters.reports(Map.of("m", generator.models().get(0))).get("m"))
        .sideBySide();
  }

  @Test
  void texts_that_run_side_by_side_are_told_as_seconds_of_work() {
    assertThat(sideBySide(16, 10_000)).isEqualTo(SideBySide.NONE);
    for (int i = 0; i < 400; i++) {
      int texts = 1 + i % 16;
      meters.joined("m", i % 2 == 0 ? 40 : 60, 100);
      // A step takes 20 ms and 5 for each text.
      double seconds = 0.02 + 0.005 * texts;
      List<StepSample.Ended> ended = List.of(new StepSample.Ended(100, 100));
      meters.add(new StepSample("m", 0, texts, texts * 100L, seconds, ended));
    }
    // A hundred steps of 100 ms for 16 texts; however many ran lately.
    assertThat(sideBySide(16, 10_000).rows()).isEqualTo(16);
    assertThat(sideBySide(16, 10_000).seconds()).isCloseTo(10, within(0.7));
    // Of 150 tokens each only sixteen, then four, then one fit.
    assertThat(sideBySide(32, 2400).rows()).isCloseTo(16, within(0.5));
    assertThat(sideBySide(16, 600).rows()).isCloseTo(4, within(0.2));
    assertThat(sideBySide(16, 50).rows()).isEqualTo(1);
  }

  @Test
  void steps_of_generation_are_in_the_report_as_a_curve() {
    GenerationCurve truth = new GenerationCurve(8e-3, 7e-4, 1.5e-3, 2e-7, 0.25, 0, 1);
    assertThat(meters.generation("m")).isNull();
    Random random = new Random(5);
    for (int i = 0; i < 500; i++) {
      int prompt = random.nextInt(3) == 0 ? random.nextInt(200) : 0;
      int sequences = 1 + random.nextInt(16);
      long context = sequences * (20L + random.nextInt(400));
      double seconds = truth.stepSeconds(prompt, sequences, context);
      List<StepSample.Ended> ended =
          i % 5 == 0 ? List.of(new StepSample.Ended(200, 50)) : List.of();
      meters.add(new StepSample("m", prompt, sequences, context, seconds, ended));
    }
    ModelReport report =
        meters.reports(Map.of("m", new WordModel("m", "r1", Set.of(Task.COMPLETIONS)))).get("m");
    GenerationCurve learned = Objects.requireNonNull(report.generation());
    double expected = truth.stepSeconds(100, 8, 2000);
    assertThat(learned.stepSeconds(100, 8, 2000)).isCloseTo(expected, within(expected / 20));
    assertThat(learned.outputShare()).isCloseTo(0.25, within(0.01));
    assertThat(learned.samples()).isEqualTo(500);
    assertThat(report.batchRows()).isBetween(4.0, 13.0);
  }
}
