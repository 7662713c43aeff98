package dev.headrace.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.body.ClassificationsRequest;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.protocol.service.ModelReport;
import dev.headrace.protocol.service.ModelState;
import dev.headrace.worker.model.hf.ReferenceModel;
import dev.headrace.worker.testing.Requests;
import dev.headrace.worker.testing.Stage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Four folders, of which two fit at a time, and one that cannot be loaded. */
class ModelStoreIT {
  private static final List<String> MODELS =
      List.of(
          "bert-classification",
          "roberta-classification",
          "distilbert-multi-label",
          "modernbert-classification-mean");

  private static final String BROKEN = "broken-classification";

  @TempDir static Path folder;

  private static Stage stage;
  private static int serial;

  @BeforeAll
  static void start() throws Exception {
    Awaitility.setDefaultTimeout(Duration.ofSeconds(120));
    for (String model : MODELS) {
      int dash = model.indexOf('-');
      ReferenceModel.named(model.substring(0, dash)).assemble(model.substring(dash + 1), folder);
    }
    Path broken = folder.resolve(BROKEN);
    Files.move(
        ReferenceModel.named("bert").assemble("multi-label", folder),
        broken,
        StandardCopyOption.ATOMIC_MOVE);
    // The weights of another architecture: the folder describes itself well, and cannot be loaded.
    for (String file :
        List.of(
            "model.safetensors.index.json",
            "model-00001-of-00002.safetensors",
            "model-00002-of-00002.safetensors")) {
      Files.copy(
          folder.resolve("distilbert-multi-label").resolve(file),
          broken.resolve(file),
          StandardCopyOption.REPLACE_EXISTING);
    }
    stage = Stage.withServers();
    stage.settings().put("worker.models.folder", folder.toString());
    stage.settings().put("worker.models", String.join(",", MODELS) + "," + BROKEN);
    stage.settings().put("worker.models.pinned", MODELS.get(0));
    stage.settings().put("worker.models.memory", "36MiB");
    stage.settings().put("worker.threads", "2");
    WorkerProcess worker = stage.worker("w1");
    await().until(() -> worker.app().health().ready());
  }

  @AfterAll
  static void stop() {
    stage.close();
  }

  private static WireRecord request(String id, String model, Random random) {
    String text = "word ".repeat(1 + random.nextInt(12));
    byte[] body = new ClassificationsRequest(model, List.of(text), List.of()).encode();
    return Requests.request(id)
        .model(model)
        .task(Task.CLASSIFICATIONS)
        .body(body)
        .time(Instant.now())
        .slack(Duration.ofMinutes(5))
        .record();
  }

  private static Map<String, ModelState> states() {
    List<DeviceReport> reports = stage.stores().deviceRegistry().list();
    return reports.isEmpty()
        ? Map.of()
        : reports.get(0).models().entrySet().stream()
            .collect(Collectors.toMap(Map.Entry::getKey, e -> e.getValue().state()));
  }

  @Test
  void every_model_gets_its_turn_under_a_budget_that_holds_two() throws Exception {
    Random random = new Random(11);
    List<String> ids = new ArrayList<>();
    List<WireRecord> records = new ArrayList<>();
    for (int i = 0; i < 80; i++) {
      String id = "s" + serial++;
      ids.add(id);
      records.add(request(id, MODELS.get(random.nextInt(MODELS.size())), random));
    }
    stage.submit(records);
    await().untilAsserted(() -> assertThat(stage.outcomes(ids)).hasSize(ids.size()));
    assertThat(stage.outcomes(ids).values()).extracting(Outcome::status).containsOnly(Status.OK);
    await()
        .untilAsserted(
            () -> {
              Map<String, ModelState> states = states();
              assertThat(states).containsEntry(MODELS.get(0), ModelState.LOADED);
              assertThat(states.values().stream().filter(s -> s == ModelState.LOADED).count())
                  .isLessThanOrEqualTo(2);
            });
  }

  @Test
  void requests_for_a_model_that_cannot_be_loaded_go_away_with_the_reason_and_others_run()
      throws Exception {
    Random random = new Random(12);
    String id = "broken" + serial++;
    stage.submit(
        List.of(request(id, BROKEN, random), request(id + "-good", MODELS.get(0), random)));
    await().untilAsserted(() -> assertThat(stage.outcomes(List.of(id + "-good"))).hasSize(1));
    Map<String, ModelReport> seen = new HashMap<>();
    await()
        .untilAsserted(
            () -> {
              stage.stores().deviceRegistry().list().forEach(r -> seen.putAll(r.models()));
              assertThat(seen.get(BROKEN).state()).isEqualTo(ModelState.FAILED);
            });
  }
}
