package dev.headrace.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.headrace.protocol.Detail;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.worker.testing.FakeRunner;
import dev.headrace.worker.testing.ForwardingWords;
import dev.headrace.worker.testing.Requests;
import dev.headrace.worker.testing.WordModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A worker whose own loop does not come round, while its threads and its connections live. */
class HungLoopIT extends OwnServersSuite {
  private static final Duration LONG = Duration.ofSeconds(60);

  @TempDir private Path folder;

  private final CountDownLatch released = new CountDownLatch(1);
  private volatile boolean hung;

  /** Holds up who asks for its revision, as the loop does for each heartbeat. */
  private final class HoldingModel extends ForwardingWords {
    @Override
    public String revision() {
      if (hung && Thread.currentThread().getName().startsWith("worker-loop")) {
        try {
          released.await();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      }
      return super.revision();
    }
  }

  @BeforeEach
  void configure() throws Exception {
    Path properties = folder.resolve("kafka.properties");
    Files.writeString(properties, "max.poll.interval.ms=4000\n");
    stage.settings().put("kafka.properties-file", properties.toString());
    stage.settings().put("redis.heartbeat-ttl", "2s");
    stage.settings().put("worker.drain-timeout", "1s");
  }

  @AfterEach
  void release() {
    released.countDown();
  }

  @Test
  void its_heartbeats_end_and_kafka_gives_its_records_to_another() throws Exception {
    WorkerProcess hanging = stage.worker("hangs", () -> new FakeRunner(new HoldingModel()));
    WorkerProcess other = stage.worker("other", () -> new FakeRunner(WordModel.named("words")));
    await().atMost(LONG).until(() -> hanging.app().health().ready());
    await().atMost(LONG).until(() -> other.app().health().ready());
    hung = true;
    Instant turnAt = awaitHung(hanging);
    List<String> ids = new ArrayList<>();
    List<WireRecord> records = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      ids.add("r" + i);
      records.add(Requests.embeddings("r" + i, "word").time(Instant.now()).slack(LONG).record());
    }
    stage.submit(records);

    await()
        .atMost(LONG)
        .until(
            () ->
                stage.stores().deviceRegistry().list().stream()
                    .noneMatch(r -> r.workerId().equals("hangs")));
    await().atMost(LONG).until(() -> stage.outcomes(ids).size() == ids.size());
    assertThat(stage.outcomes(ids).values()).allMatch(o -> o.status() == Status.OK);
    assertThat(stage.outcomes(ids).values()).allMatch(o -> "other".equals(o.detail(Detail.WORKER)));
    assertThat(hanging.app().health().turnAt()).isEqualTo(turnAt);
    assertThat(hanging.app().health().hangs(turnAt.plusSeconds(20))).isTrue();

    // It comes back: what it had taken is none of its business any more.
    hung = false;
    released.countDown();
    await().atMost(LONG).until(() -> hanging.app().health().turnAt().isAfter(turnAt));
    stage.submit(
        List.of(Requests.embeddings("rx", "word").time(Instant.now()).slack(LONG).record()));
    await().atMost(LONG).until(() -> stage.outcome("rx") != null);
    assertThat(hanging.app().failure()).isNull();
    // Kafka may lend it the slot once more before it says that it is lost: again, but no other.
    ids.add("rx");
    assertThat(stage.published("r"))
        .containsExactlyInAnyOrderElementsOf(stage.outcomes(ids).values());
  }

  private static Instant awaitHung(WorkerProcess worker) {
    await()
        .atMost(LONG)
        .until(() -> worker.app().health().turnAt().plusSeconds(2).isBefore(Instant.now()));
    return worker.app().health().turnAt();
  }
}
