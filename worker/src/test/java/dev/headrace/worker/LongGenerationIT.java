package dev.headrace.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Outcomes;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.body.CompletionRequest;
import dev.headrace.protocol.body.GenerationOptions;
import dev.headrace.protocol.body.GenerationResponse;
import dev.headrace.protocol.body.Sampling;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.worker.device.Concurrency;
import dev.headrace.worker.testing.FakeGenerator;
import dev.headrace.worker.testing.PacedEngine;
import dev.headrace.worker.testing.Requests;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Texts that take longer than Kafka lets a consumer be silent. */
class LongGenerationIT extends OwnServersSuite {
  private static final Duration MAX_POLL = Duration.ofSeconds(2);

  @TempDir private Path folder;

  @BeforeEach
  void configure() throws Exception {
    Awaitility.setDefaultTimeout(Duration.ofSeconds(90));
    Path properties = folder.resolve("kafka.properties");
    Files.writeString(properties, "max.poll.interval.ms=" + MAX_POLL.toMillis() + "\n");
    stage.settings().put("kafka.properties-file", properties.toString());
    stage.settings().put("worker.drain-timeout", "1s");
  }

  /** A step takes at least so long. */
  private static PacedEngine engine(Duration step) {
    return new PacedEngine(new FakeGenerator("gen", new Concurrency(4, 1_000_000)), step);
  }

  private static String text(Outcome outcome) {
    return GenerationResponse.parse(outcome.body()).choices().get(0).text();
  }

  @Test
  void worker_stays_in_its_group_and_takes_more_while_a_text_runs() throws Exception {
    PacedEngine engine = engine(Duration.ofMillis(50));
    WorkerProcess worker = stage.workerWith("w1", () -> engine);
    await().until(() -> worker.app().health().ready());
    int warmUp = engine.admitted();
    // Three times as long as the group waits for a silent member.
    int steps = (int) (3 * MAX_POLL.toMillis() / 50);
    stage.submit(List.of(Requests.completion("long", steps).record()));
    await().until(() -> engine.steps() > steps / 2);
    stage.submit(List.of(Requests.completion("short", 2).record()));
    await().until(() -> stage.outcome("short") != null);
    assertThat(stage.outcome("long")).as("still running").isNull();
    await().until(() -> stage.outcome("long") != null);
    assertThat(text(stage.outcome("long"))).isEqualTo(FakeGenerator.text(steps));
    await().untilAsserted(() -> assertThat(stage.lag()).isZero());
    assertThat(engine.admitted() - warmUp).as("nothing ran twice").isEqualTo(2);
  }

  @Test
  void worker_that_stops_hands_back_what_runs_and_another_writes_it_whole() throws Exception {
    PacedEngine slow = engine(Duration.ofMillis(50));
    WorkerProcess first = stage.workerWith("w1", () -> slow);
    await().until(() -> first.app().health().ready());
    int warmUp = slow.admitted();
    int steps = slow.steps();
    stage.submit(
        List.of(Requests.completion("a", 2000).record(), Requests.completion("b", 2000).record()));
    await().until(() -> slow.admitted() - warmUp == 2 && slow.steps() > steps + 5);
    first.close();
    assertThat(stage.outcomes(List.of("a", "b"))).isEmpty();
    assertThat(stage.stores().crashLedger().crashes()).as("an orderly end is no crash").isEmpty();
    PacedEngine fast = engine(Duration.ZERO);
    stage.workerWith("w2", () -> fast);
    await().until(() -> stage.outcomes(List.of("a", "b")).size() == 2);
    assertThat(stage.outcomes(List.of("a", "b")).values())
        .allMatch(o -> o.status() == Status.OK)
        .allMatch(o -> text(o).equals(FakeGenerator.text(2000)));
  }

  @Test
  void cancelled_and_expired_texts_leave_the_device_while_others_go_on() throws Exception {
    PacedEngine engine = engine(Duration.ofMillis(20));
    WorkerProcess worker = stage.workerWith("w1", () -> engine);
    await().until(() -> worker.app().health().ready());
    WireRecord expiring =
        Requests.request("late")
            .model("gen")
            .task(Task.COMPLETIONS)
            .body(
                new CompletionRequest(
                        "gen",
                        List.of(new CompletionRequest.Text("once")),
                        GenerationOptions.DEFAULT.with(Sampling.GREEDY).withMaxTokens(100_000))
                    .encode())
            .time(Instant.now())
            .slack(Duration.ofSeconds(3))
            .record();
    int warmUp = engine.admitted();
    stage.submit(
        List.of(
            Requests.completion("cancelled", 100_000).record(),
            expiring,
            Requests.completion("stays", 400).record()));
    await().until(() -> engine.admitted() - warmUp == 3);
    Address address = new Address(Requests.CLIENT, "cancelled", true, null);
    stage
        .stores()
        .outcomeStore()
        .deliver(List.of(Outcomes.cancelled(address, Instant.now(), "/test")));
    await().until(() -> stage.outcome("late") != null);
    assertThat(stage.outcome("late").status()).isEqualTo(Status.EXPIRED);
    assertThat(text(stage.outcome("late"))).startsWith(FakeGenerator.text(3));
    await().until(() -> stage.outcome("stays") != null);
    assertThat(text(stage.outcome("stays"))).isEqualTo(FakeGenerator.text(400));
    await().until(() -> engine.running() == 0);
    assertThat(stage.outcome("cancelled").status()).isEqualTo(Status.CANCELLED);
    await().untilAsserted(() -> assertThat(stage.lag()).isZero());
  }
}
