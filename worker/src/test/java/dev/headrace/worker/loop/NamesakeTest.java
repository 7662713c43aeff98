package dev.headrace.worker.loop;

import static dev.headrace.worker.testing.Requests.embeddings;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.service.WorkerState;
import dev.headrace.worker.testing.FakeRunner;
import dev.headrace.worker.testing.WordModel;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Two workers, or two lives of one, that have the same id. */
class NamesakeTest {
  private final Cluster cluster = new Cluster();

  private TestWorker worker() {
    return new TestWorker(cluster, "w1", new FakeRunner(WordModel.named("words")));
  }

  @Test
  void namesake_ends_before_it_takes_work_or_touches_the_marks_of_the_one_that_lives() {
    TestWorker first = worker().started();
    cluster.add(embeddings("a", "x"));
    first.untilBatch(); // marked, and on the device
    TestWorker second = worker();
    second.openDevice();
    assertThatThrownBy(
            () -> {
              for (int i = 0; i < 100; i++) {
                second.turn();
                second.stepPrepare();
                first.turn();
                cluster.advance(Duration.ofMillis(50));
              }
            })
        .isInstanceOf(FailureException.class)
        .hasMessageContaining("worker.id: w1 (expected: an id that no other living worker has");
    second.close();

    assertThat(cluster.ledger.crashes()).as("nobody was buried").isEmpty();
    assertThat(cluster.ledger.marked("")).as("the mark stands").contains("client/a");
    assertThat(cluster.registry.list()).hasSize(1);
    first.run();
    assertThat(cluster.withStatus(Status.OK)).containsExactly("a");
  }

  @Test
  void restarted_worker_takes_no_work_until_the_heartbeat_of_its_earlier_life_is_over() {
    TestWorker killed = worker().started();
    cluster.add(embeddings("a", "x"));
    killed.untilBatch();

    FakeRunner runner = new FakeRunner(WordModel.named("words"));
    TestWorker again =
        new TestWorker(cluster, "w1", runner, killed.consumer, TestWorker.INTAKE).opened();
    for (int i = 0; i < 80; i++) {
      again.round();
      cluster.advance(Duration.ofMillis(100));
    }
    assertThat(cluster.outcomes.outcomes()).isEmpty();
    assertThat(again.health.latest().state()).isEqualTo(WorkerState.LOADING);
    for (int i = 0; i < 40; i++) {
      again.round();
      cluster.advance(Duration.ofMillis(100));
    }
    assertThat(again.health.latest().ready()).isTrue();
    assertThat(cluster.withStatus(Status.OK)).containsExactly("a");
    assertThat(cluster.registry.list())
        .extracting(r -> r.state())
        .isEqualTo(List.of(WorkerState.READY));
  }
}
