package dev.headrace.worker.loop;

import static dev.headrace.worker.testing.Requests.embeddings;
import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.Payload;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.body.EmbeddingsRequest;
import dev.headrace.protocol.naming.RedisKeys;
import dev.headrace.transport.kafka.Slot;
import dev.headrace.worker.testing.FakeRunner;
import dev.headrace.worker.testing.Requests;
import dev.headrace.worker.testing.WordModel;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How much the worker takes, and what it does while a server is away. */
class WorkerFlowTest {
  private final Cluster cluster = new Cluster();
  private final TestWorker worker =
      new TestWorker(cluster, "w1", new FakeRunner(WordModel.named("words")));

  @Test
  void without_redis_what_was_taken_waits_and_nothing_more_is_taken() {
    worker.started();
    cluster.addMany(10);
    worker.turn();
    worker.turn();
    worker.stepPrepare();
    cluster.outage.begin();
    cluster.addMany(0);
    for (int i = 0; i < 300; i++) {
      worker.turn();
      worker.stepPrepare();
      worker.stepDevice();
      cluster.advance(Duration.ofMillis(10));
    }
    cluster.add(embeddings("later", "x"));
    worker.run();
    assertThat(worker.health.latest().storeUp()).isFalse();
    assertThat(worker.health.latest().ready()).isFalse();
    assertThat(worker.consumer.unacknowledged()).isEqualTo(10);
    cluster.outage.end();
    cluster.advance(Duration.ofSeconds(1));
    worker.run();
    assertThat(cluster.withStatus(Status.OK)).hasSize(11);
    assertThat(worker.health.latest().storeUp()).isTrue();
  }

  @Test
  void requests_whose_time_runs_out_while_redis_is_away_expire() {
    worker.started();
    cluster.outage.begin();
    cluster.add(embeddings("a", "x").slack(Duration.ofSeconds(2)));
    worker.turn();
    cluster.advance(Duration.ofSeconds(3));
    worker.run();
    cluster.outage.end();
    cluster.advance(Duration.ofSeconds(1));
    worker.run();
    assertThat(cluster.outcome("a").status()).isEqualTo(Status.EXPIRED);
  }

  @Test
  void broker_that_is_away_is_noticed_and_survived() {
    worker.started();
    worker.consumer.failPolls(3);
    cluster.add(embeddings("a", "x"));
    worker.turn();
    cluster.advance(Duration.ofMillis(100));
    worker.turn();
    assertThat(worker.health.latest().brokerUp()).isFalse();
    for (int i = 0; i < 10; i++) {
      cluster.advance(Duration.ofMillis(100));
      worker.run();
    }
    assertThat(worker.health.latest().brokerUp()).isTrue();
    assertThat(cluster.outcome("a").status()).isEqualTo(Status.OK);
  }

  @Test
  void body_by_reference_is_fetched_and_waits_for_a_store_that_is_away() {
    worker.started();
    Requests request =
        Requests.request("a").payload(Payload.byReference(RedisKeys.blob(Requests.CLIENT, "a")));
    cluster.outcomes.putBlob(
        request.build().address(), EmbeddingsRequest.of("words", List.of("a b")).encode());
    cluster.add(request);
    worker.turn();
    worker.turn();
    cluster.outage.begin();
    worker.run();
    assertThat(worker.consumer.unacknowledged()).isEqualTo(1);
    cluster.outage.end();
    cluster.advance(Duration.ofSeconds(1));
    worker.run();
    assertThat(cluster.outcome("a").status()).isEqualTo(Status.OK);
    assertThat(cluster.retries()).isEmpty();
  }

  @Test
  void intake_pauses_when_full_and_goes_on_polling() {
    worker.started();
    cluster.producer.hold();
    cluster.addMany(400);
    for (int i = 0; i < 200; i++) {
      worker.turn();
      worker.stepPrepare();
      worker.stepDevice();
      cluster.advance(Duration.ofMillis(5));
    }
    assertThat(worker.consumer.unacknowledged()).isBetween(100, 149);
    assertThat(worker.consumer.paused()).isNotEmpty();
    worker.consumer.assign(new Slot(Cluster.WORK, 2));
    worker.run();
    assertThat(worker.consumer.paused()).hasSize(3);
    cluster.producer.release();
    worker.run();
    assertThat(cluster.withStatus(Status.OK)).hasSize(400);
    assertThat(worker.consumer.unacknowledged()).isZero();
    assertThat(worker.consumer.paused()).isEmpty();
  }

  @Test
  void revoked_records_are_dropped_and_done_when_they_come_again() {
    worker.started();
    cluster.addMany(20);
    worker.turn();
    worker.turn();
    worker.stepPrepare();
    worker.turn();
    worker.consumer.revoke(new Slot(Cluster.WORK, 0));
    worker.run();
    worker.run();
    assertThat(worker.health.latest().inFlight()).isZero();
    int before = cluster.withStatus(Status.OK).size();
    assertThat(before).isLessThan(20);
    worker.consumer.assign(new Slot(Cluster.WORK, 0));
    worker.run();
    assertThat(cluster.withStatus(Status.OK)).hasSize(20);
    assertThat(worker.consumer.unacknowledged()).isZero();
  }
}
