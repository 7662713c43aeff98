package dev.headrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Status;
import dev.headrace.sdk.HeadraceClient;
import dev.headrace.sdk.InferenceResult;
import dev.headrace.sdk.PendingResult;
import dev.headrace.sdk.Request;
import dev.headrace.worker.model.hf.ReferenceModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two workers as processes, with a TorchScript model that never comes back from one word: a real
 * thread in native code that no interrupt reaches. The test is the supervisor, which starts a
 * worker again that has ended.
 */
class HungWorkerIT {
  private static final String WORD = "our";

  @TempDir Path temporary;

  private final List<Integer> statuses = new ArrayList<>();
  private boolean workerSaidSo;
  private boolean routerSaidSo;

  @Test
  void worker_that_hangs_says_so_and_ends_and_its_work_goes_on_elsewhere() throws Exception {
    Instant begin = Instant.now();
    Path models = Files.createDirectory(temporary.resolve("models"));
    String model = ReadyFolders.writeHanging(ReferenceModel.named("bert"), models);
    String[] settings = {
      "worker.models.folder=" + models,
      "worker.models=" + model,
      "worker.warm-up=500ms",
      "worker.batch.stuck-after=4s"
    };
    try (Fleet fleet = new Fleet(temporary);
        HeadraceClient client = fleet.client("hung")) {
      fleet.router("r0");
      fleet.workerWith("one", settings);
      fleet.workerWith("two", settings);
      fleet.awaitReady(2);
      fleet.awaitSlots("one", "two"); // what moves between them while it runs, both run
      List<PendingResult> plain = submit(client, model, 100);
      PendingResult hangs =
          client.submit(Request.embed(model, WORD).deadline(Duration.ofMinutes(4)));
      plain.addAll(submit(client, model, 100));
      List<PendingResult> all = new ArrayList<>(plain);
      all.add(hangs);
      supervise(fleet, settings, all);

      for (PendingResult p : plain) {
        assertThat(p.get(1, TimeUnit.SECONDS).isOk()).isTrue();
      }
      InferenceResult poison = hangs.get(1, TimeUnit.SECONDS);
      assertThat(poison.status()).isEqualTo(Status.FAILED);
      assertThat(poison.errorCode()).hasValue(ErrorCode.POISON);
      assertThat(statuses).as("once in company, once alone").hasSizeBetween(2, 3);
      assertThat(statuses).containsOnly(Main.DEVICE_LOST);
      assertThat(workerSaidSo).as("worker's /health").isTrue();
      assertThat(routerSaidSo).as("router's /health").isTrue();
      fleet.awaitOneOutcomeEach(begin, all);
    }
  }

  private static List<PendingResult> submit(HeadraceClient client, String model, int count) {
    List<PendingResult> pending = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Request request = Request.embed(model, "that is it " + "with us ".repeat(i % 7) + i);
      pending.add(client.submit(request.deadline(Duration.ofMinutes(4))));
    }
    return pending;
  }

  /** Starts again what ended, until all have their outcome. */
  private void supervise(Fleet fleet, String[] settings, List<PendingResult> all) throws Exception {
    Instant limit = Instant.now().plus(Duration.ofMinutes(3));
    while (!all.stream().allMatch(PendingResult::isDone)) {
      assertThat(Instant.now()).as("ended so far: %s", statuses).isBefore(limit);
      for (String name : List.of("one", "two")) {
        Optional<Program.Ended> ended = fleet.ended(name);
        if (ended.isPresent()) {
          assertThat(ended.get().err()).contains("worker.batch.stuck-after");
          statuses.add(ended.get().code());
          fleet.workerWith(name, settings);
        } else {
          workerSaidSo |= fleet.health(name).contains("STALLED");
        }
      }
      routerSaidSo |= fleet.health("r0").contains("is stalled");
      TimeUnit.MILLISECONDS.sleep(200);
    }
  }
}
