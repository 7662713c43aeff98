package dev.headrace.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.event.DeadLetter;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.protocol.naming.Topics;
import dev.headrace.worker.testing.PoisonedWorker;
import dev.headrace.worker.testing.Requests;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A request that kills the process that runs it, with real processes. */
class WorkerPoisonIT extends OwnServersSuite {
  @BeforeEach
  void configure() {
    stage.settings().put("redis.heartbeat-ttl", "2s");
  }

  /** A share group's broker lends a dead worker's records again at once. */
  @ParameterizedTest
  @ValueSource(strings = {"group", "share"})
  void killer_ends_as_poison_and_its_company_is_served(String intake, @TempDir Path logs)
      throws Exception {
    stage.settings().put("worker.intake", intake);
    List<String> ids = new ArrayList<>();
    List<WireRecord> records = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      ids.add("r" + i);
      String text = i == 20 ? PoisonedWorker.KILLER : "word";
      records.add(Requests.embeddings("r" + i, text).time(Instant.now()).record());
    }
    stage.submit(records);
    int lives = 0;
    while (stage.outcomes(ids).size() < ids.size()) {
      assertThat(++lives).as("lives, logs in %s", logs).isLessThan(6);
      live(logs, lives, ids);
    }
    assertThat(lives).isBetween(3, 4);
    Map<String, Outcome> outcomes = stage.outcomes(ids);
    Outcome killer = outcomes.remove("r20");
    assertThat(killer.failure().code()).isEqualTo(ErrorCode.POISON);
    assertThat(outcomes.values()).allMatch(o -> o.status() == Status.OK);
    List<WireRecord> letters = stage.records(Topics.DEAD_LETTERS, "r");
    assertThat(letters).hasSize(1);
    assertThat(letters.get(0).text(DeadLetter.ERROR_CODE)).isEqualTo("poison");
  }

  @ParameterizedTest
  @ValueSource(strings = {"group", "share"})
  void text_that_a_tokenizer_does_not_come_back_from_ends_as_poison(
      String intake, @TempDir Path logs) throws Exception {
    stage.settings().put("worker.intake", intake);
    stage.settings().put("worker.batch.stuck-after", "3s");
    List<String> ids = new ArrayList<>();
    List<WireRecord> records = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      ids.add("r" + i);
      String text = i == 20 ? PoisonedWorker.ENDLESS : "word";
      records.add(
          Requests.embeddings("r" + i, text)
              .time(Instant.now())
              .slack(Duration.ofMinutes(4))
              .record());
    }
    stage.submit(records);
    List<Integer> statuses = new ArrayList<>();
    while (stage.outcomes(ids).size() < ids.size()) {
      assertThat(statuses.size()).as("lives, logs in %s", logs).isLessThan(6);
      statuses.add(live(logs, statuses.size() + 1, ids));
    }
    // It is known which request did it: two lives, and a third that refuses it.
    assertThat(statuses.subList(0, 2)).containsExactly(3, 3);
    assertThat(statuses).hasSize(3);
    Map<String, Outcome> outcomes = stage.outcomes(ids);
    assertThat(outcomes.remove("r20").failure().code()).isEqualTo(ErrorCode.POISON);
    assertThat(outcomes.values()).allMatch(o -> o.status() == Status.OK);
  }

  /** Runs a worker until it dies or all is done; its status. */
  private int live(Path logs, int life, List<String> ids) throws IOException, InterruptedException {
    File log = logs.resolve("life-" + life + ".log").toFile();
    Process process = PoisonedWorker.start(stage.settings(), "life-" + life, log);
    try {
      await()
          .atMost(Duration.ofSeconds(90))
          .until(() -> !process.isAlive() || stage.outcomes(ids).size() == ids.size());
    } finally {
      process.destroyForcibly();
      process.waitFor(10, TimeUnit.SECONDS);
    }
    return process.exitValue();
  }
}
