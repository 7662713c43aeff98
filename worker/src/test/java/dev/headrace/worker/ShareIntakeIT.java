package dev.headrace.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.headrace.embedded.EmbeddedServers;
import dev.headrace.protocol.Detail;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.protocol.naming.Topics;
import dev.headrace.worker.testing.FakeRunner;
import dev.headrace.worker.testing.Requests;
import dev.headrace.worker.testing.Stage;
import dev.headrace.worker.testing.WordModel;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Workers that take their lane's work as a share group, with a real Kafka and a real Redis. */
class ShareIntakeIT {
  private static EmbeddedServers servers;

  private Stage stage;

  @BeforeAll
  static void start() {
    Awaitility.setDefaultTimeout(Duration.ofSeconds(60));
    servers = EmbeddedServers.builder().build().start();
  }

  @AfterAll
  static void stop() {
    servers.close();
  }

  @BeforeEach
  void open() {
    stage = new Stage(servers.kafkaBootstrap(), servers.redisUri(), 1);
    stage.settings().put("worker.intake", "share");
    stage.settings().put("worker.share.lock", "2s");
  }

  @AfterEach
  void close() {
    stage.close();
  }

  private static FakeRunner runner() {
    return new FakeRunner(WordModel.named("words"));
  }

  private List<String> submit(int from, int to) throws InterruptedException {
    List<String> ids = new ArrayList<>();
    List<WireRecord> records = new ArrayList<>();
    for (int i = from; i < to; i++) {
      String id = stage.lane() + "-" + i;
      ids.add(id);
      records.add(Requests.embeddings(id, "word " + i).time(Instant.now()).record());
    }
    stage.submit(records);
    return ids;
  }

  private void awaitAll(List<String> ids) {
    await().untilAsserted(() -> assertThat(stage.outcomes(ids)).hasSize(ids.size()));
    await().untilAsserted(() -> assertThat(stage.lag()).isZero());
  }

  @Test
  void what_was_sent_before_the_first_worker_came_gets_its_outcomes() throws Exception {
    List<String> ids = submit(0, 700);
    assertThat(stage.lag()).isEqualTo(700);
    stage.worker("w1", ShareIntakeIT::runner);
    awaitAll(ids);
    Map<String, Outcome> outcomes = stage.outcomes(ids);
    assertThat(outcomes.values()).allMatch(o -> o.status() == Status.OK);
    assertThat(outcomes.values()).allMatch(o -> "w1".equals(o.detail(Detail.WORKER)));
    assertThat(stage.records(Topics.OUTCOMES, stage.lane())).hasSize(700);
  }
}
