package dev.headrace.worker.loop;

import static dev.headrace.worker.testing.Requests.embeddings;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.protocol.service.WorkerState;
import dev.headrace.worker.testing.FakeRunner;
import dev.headrace.worker.testing.WordModel;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** A device's thread that does not come back, with a limit of a minute. */
class StalledDeviceTest {
  private final Cluster cluster = new Cluster();
  private final TestWorker worker =
      new TestWorker(cluster, "w1", new FakeRunner(WordModel.named("words")));

  /** The loop goes on for so long, the device does not. */
  private void hang(int seconds) {
    for (int i = 0; i < seconds * 20; i++) {
      worker.turn();
      cluster.advance(Duration.ofMillis(50));
    }
  }

  private void begin(int requests) {
    worker.started();
    for (int i = 0; i < requests; i++) {
      add("r" + i, "word" + i);
    }
    worker.untilBatch();
    worker.pulse.enter();
  }

  private void add(String id, String text) {
    cluster.add(embeddings(id, text).slack(Duration.ofMinutes(10)));
  }

  private DeviceReport heartbeat() {
    return cluster.registry.list().get(0);
  }

  private double stalled() {
    return worker.metrics.get("headrace.worker.device.stalled").gauge().value();
  }

  @Test
  void worker_says_that_it_is_stalled_takes_no_more_and_goes_on_when_the_device_comes_back() {
    begin(3);
    hang(14);
    assertThat(heartbeat().state()).isEqualTo(WorkerState.READY);
    hang(3);
    assertThat(heartbeat().state()).isEqualTo(WorkerState.STALLED);
    assertThat(worker.health.latest().ready()).isFalse();
    assertThat(stalled()).isEqualTo(1);
    assertThat(worker.consumer.kept())
        .as("a share group's broker may give its records to others")
        .isFalse();
    add("later", "a");
    hang(10);
    assertThat(worker.health.latest().inFlight()).as("none was taken since").isEqualTo(3);

    worker.pulse.leave();
    worker.run();
    cluster.advance(Duration.ofSeconds(2));
    worker.run();
    assertThat(heartbeat().state()).isEqualTo(WorkerState.READY);
    assertThat(stalled()).isZero();
    assertThat(worker.consumer.kept()).isTrue();
    assertThat(cluster.withStatus(Status.OK)).containsExactlyInAnyOrder("r0", "r1", "r2", "later");
    assertThat(cluster.ledger.crashes()).isEmpty();
  }

  @Test
  void worker_that_is_stuck_ends_and_what_ran_is_suspect_at_the_next() {
    begin(3);
    assertThatThrownBy(() -> hang(70))
        .isInstanceOf(FailureException.class)
        .hasMessageContaining("device_lost")
        .hasMessageContaining("worker.batch.stuck-after");
    worker.close();
    assertThat(cluster.registry.list()).isEmpty();
    assertThat(cluster.ledger.crashes())
        .containsEntry("client/r0", 1)
        .containsEntry("client/r1", 1);
    FakeRunner healthy = new FakeRunner(WordModel.named("words"));
    TestWorker other = new TestWorker(cluster, "w2", healthy).started();
    add("new1", "a");
    add("new2", "b");
    other.run();
    assertThat(cluster.withStatus(Status.OK)).hasSize(5);
    assertThat(cluster.published()).hasSize(5);
    assertThat(healthy.batches)
        .filteredOn(b -> b.get(0).startsWith("word"))
        .allSatisfy(b -> assertThat(b).as("suspects run alone").hasSize(1));
  }

  @Test
  void request_that_holds_up_a_preparing_thread_is_told_from_its_company() {
    worker.started();
    add("fine", "a");
    add("endless", "b");
    worker.hangPreparing("endless");
    hang(20);
    assertThat(heartbeat().state()).isEqualTo(WorkerState.STALLED);
    assertThatThrownBy(() -> hang(50))
        .isInstanceOf(FailureException.class)
        .hasMessageContaining("at request client/endless");
    worker.close();
    assertThat(cluster.ledger.crashes())
        .containsEntry("client/endless", 1)
        .containsEntry("alone:client/endless", 1)
        .doesNotContainKey("client/fine");
  }
}
