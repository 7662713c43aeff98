package dev.headrace.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.worker.testing.FakeRunner;
import dev.headrace.worker.testing.Requests;
import dev.headrace.worker.testing.WordModel;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A worker whose Kafka or Redis goes away for a while. */
class WorkerOutageIT extends OwnServersSuite {
  @BeforeAll
  static void patience() {
    Awaitility.setDefaultTimeout(Duration.ofSeconds(60));
  }

  @BeforeEach
  void configure() {
    stage.settings().put("redis.timeout", "500ms");
  }

  private List<String> submit(int from, int to) throws InterruptedException {
    List<String> ids = new ArrayList<>();
    List<WireRecord> records = new ArrayList<>();
    for (int i = from; i < to; i++) {
      ids.add("r" + i);
      records.add(Requests.embeddings("r" + i, "word " + i).time(Instant.now()).record());
    }
    stage.submit(records);
    return ids;
  }

  private WorkerProcess worker() {
    WorkerProcess worker = stage.worker("w1", () -> new FakeRunner(WordModel.named("words")));
    await().until(() -> worker.app().health().ready());
    return worker;
  }

  @Test
  void redis_goes_and_comes_back() throws Exception {
    WorkerProcess worker = worker();
    List<String> ids = new ArrayList<>(submit(0, 500));
    servers.redis().stop();
    ids.addAll(submit(500, 6000));
    await().until(() -> !worker.app().health().storeUp());
    // It takes no more than it may hold, and keeps its place in the group.
    assertThat(worker.app().health().inFlight()).isLessThanOrEqualTo(4096 + 500);
    assertThat(worker.app().failure()).isNull();
    servers.redis().start();
    await().untilAsserted(() -> assertThat(stage.lag()).isZero());
    await().until(() -> worker.app().health().ready());
    // What Redis had before is gone with it; what came while it was away it has, and Kafka has all.
    Map<String, Outcome> stored = stage.outcomes(ids);
    assertThat(stored.keySet()).containsAll(ids.subList(500, 6000));
    Set<Outcome> published = stage.published("r");
    assertThat(published).extracting(Outcome::id).containsExactlyInAnyOrderElementsOf(ids);
    assertThat(published).allMatch(o -> o.status() == Status.OK).containsAll(stored.values());
  }

  @Test
  void kafka_goes_and_comes_back() throws Exception {
    WorkerProcess worker = worker();
    List<String> ids = new ArrayList<>(submit(0, 2000));
    await().until(() -> !stage.outcomes(ids).isEmpty());
    servers.kafka().stop();
    servers.kafka().start();
    ids.addAll(submit(2000, 2500));
    await().untilAsserted(() -> assertThat(stage.outcomes(ids)).hasSize(2500));
    await().untilAsserted(() -> assertThat(stage.lag()).isZero());
    assertThat(worker.app().failure()).isNull();
  }
}
