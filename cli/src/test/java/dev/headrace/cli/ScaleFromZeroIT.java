package dev.headrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.headrace.protocol.AdmissionMode;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Status;
import dev.headrace.sdk.HeadraceClient;
import dev.headrace.sdk.InferenceResult;
import dev.headrace.sdk.PendingResult;
import dev.headrace.sdk.Request;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A lane that the fleet file knows and no worker serves, a router and workers as processes, and the
 * test in the autoscaler's place: it looks at nothing but the endpoint's value, starts the worker
 * when that rises above 0 and stops it when it is 0 again.
 */
class ScaleFromZeroIT {
  private static final String MODEL = "all-minilm-l6-v2";
  private static final String PLANNED = "cpu-int8";
  private static final String DEAR = "cpu-fp32";

  /** Start-up as the fleet file has it, in seconds; what a deadline allows for or does not. */
  private static final int STARTUP = 30;

  /** How a JVM ends that was asked to. */
  private static final int SIGTERM = 128 + 15;

  private static final Duration TIGHT = Duration.ofSeconds(STARTUP / 3);
  private static final Duration AMPLE = Duration.ofMinutes(5);

  @TempDir Path temporary;
  private int numbers;

  @Test
  void lane_without_worker_is_waited_for_served_and_left_alone_again() throws Exception {
    Instant begin = Instant.now();
    try (Fleet fleet = new Fleet(temporary);
        HeadraceClient client = fleet.client("zero")) {
      fleet.router("r0", "router.fleet-file=" + fleetFile());
      await().atMost(Duration.ofMinutes(1)).until(() -> scaling(fleet).has("device_type"));
      assertThat(scaling(fleet).path("device_type").asText()).isEqualTo(PLANNED);
      assertThat(value(fleet)).isZero();
      List<PendingResult> all = new ArrayList<>();
      all.addAll(nowhereElse(fleet, client));
      all.addAll(wakesTheLane(fleet, client));
      toZero(fleet);
      all.addAll(besideAnother(fleet, client));
      toZero(fleet);
      assertOneOutcomeEach(fleet, begin, all);
      assertThat(fleet.failures()).as("ended by themselves").isEmpty();
    }
  }

  /** No other lane: what cannot wait for the start-up ends as its admission says. */
  private List<PendingResult> nowhereElse(Fleet fleet, HeadraceClient client) throws Exception {
    PendingResult rejected =
        client.submit(request().deadline(TIGHT).admission(AdmissionMode.REJECT));
    assertThat(get(rejected).errorCode()).hasValue(ErrorCode.NO_CAPACITY);
    PendingResult tried = client.submit(request().deadline(TIGHT));
    assertThat(get(tried).status()).isEqualTo(Status.EXPIRED);
    commands(fleet);
    // Nobody starts a worker here, so this one is late when one comes.
    PendingResult late =
        client.submit(request().deadline(Duration.ofSeconds(1)).admission(AdmissionMode.LATE));
    await().atMost(Duration.ofMinutes(1)).until(() -> value(fleet) > 0);
    assertThat(late).isNotDone();
    return List.of(rejected, tried, late);
  }

  /** The same from the command line, where an estimate says beforehand what will be. */
  private static void commands(Fleet fleet) throws Exception {
    JsonNode ample = fleet.command(0, "estimate", "embed", "--text", "mill", "--deadline", "5m");
    assertThat(ample.path("device_type").asText()).isEqualTo(PLANNED);
    assertThat(ample.path("in_time").asBoolean()).isTrue();
    assertThat(ample.path("start_seconds").asDouble()).isGreaterThanOrEqualTo(STARTUP);
    assertThat(ample.path("usd").asDouble()).isPositive();
    String[] tight = {"embed", "--text", "mill", "--deadline", "9s", "--admission", "reject"};
    assertThat(fleet.command(0, with("estimate", tight)).path("in_time").asBoolean(true)).isFalse();
    JsonNode rejected = fleet.command(1, with("submit", tight));
    assertThat(rejected.path("error_code").asText()).isEqualTo("no_capacity");
    JsonNode nobody = fleet.command(1, "estimate", "embed", "--model", "other", "--text", "mill");
    assertThat(nobody.path("device_type").isNull()).isTrue();
  }

  private static String[] with(String command, String[] arguments) {
    List<String> all = new ArrayList<>(List.of(command));
    all.addAll(List.of(arguments));
    return all.toArray(String[]::new);
  }

  /** Requests that can wait do; the value says so, and the worker that it asks for answers them. */
  private List<PendingResult> wakesTheLane(Fleet fleet, HeadraceClient client) throws Exception {
    double before = value(fleet);
    List<PendingResult> pending = submit(client, 20, AMPLE);
    await().atMost(Duration.ofMinutes(1)).until(() -> value(fleet) > before);
    assertThat(scaling(fleet).path("workers").asInt()).isZero();
    assertThat(pending).noneMatch(PendingResult::isDone);
    fleet.worker("planned", "int8", 0.01);
    for (PendingResult p : pending) {
      assertThat(get(p).isOk()).isTrue();
      assertThat(get(p).deviceType()).hasValue(PLANNED);
      assertThat(get(p).inTime()).hasValue(true);
    }
    await().atMost(Duration.ofMinutes(1)).until(() -> scaling(fleet).path("workers").asInt() == 1);
    return pending;
  }

  /**
   * A dearer lane has a worker: what can wait still waits for the cheap one, what cannot does not.
   */
  private List<PendingResult> besideAnother(Fleet fleet, HeadraceClient client) throws Exception {
    fleet.worker("dear", "fp32", 1);
    fleet.awaitReady(1);
    awaitServed(client, DEAR);
    List<PendingResult> tight = submit(client, 10, TIGHT);
    for (PendingResult p : tight) {
      assertThat(get(p).isOk()).isTrue();
      assertThat(get(p).deviceType()).hasValue(DEAR);
      assertThat(get(p).reason()).hasValue("overflow");
    }
    assertThat(value(fleet)).isZero();
    List<PendingResult> ample = submit(client, 10, AMPLE);
    await().atMost(Duration.ofMinutes(1)).until(() -> value(fleet) > 0);
    // While these wait, others that cannot still go by.
    List<PendingResult> more = submit(client, 10, TIGHT);
    for (PendingResult p : more) {
      assertThat(get(p).deviceType()).hasValue(DEAR);
    }
    String[] precise = {
      "submit",
      "embed",
      "--text",
      "mill",
      "--deadline",
      "5m",
      "--tenant",
      "miller",
      "--min-precision",
      "fp32",
      "--cache",
      "bypass"
    };
    JsonNode details = fleet.command(0, precise).path("details");
    assertThat(details.path("devicetype").asText()).isEqualTo(DEAR);
    assertThat(details.path("reason").asText()).isEqualTo("precision");
    assertThat(ample).noneMatch(PendingResult::isDone);
    fleet.worker("planned", "int8", 0.01);
    for (PendingResult p : ample) {
      assertThat(get(p).isOk()).isTrue();
      assertThat(get(p).deviceType()).hasValue(PLANNED);
      assertThat(get(p).reason()).hasValue("cheapest_in_time");
    }
    List<PendingResult> all = new ArrayList<>(tight);
    all.addAll(ample);
    all.addAll(more);
    return all;
  }

  private void toZero(Fleet fleet) throws Exception {
    await().atMost(Duration.ofMinutes(1)).until(() -> value(fleet) == 0);
    Program.Ended ended = fleet.stop("planned");
    assertThat(ended.code()).as(ended.err()).isEqualTo(SIGTERM);
    assertThat(ended.err()).doesNotContain("handing back");
    await().atMost(Duration.ofMinutes(1)).until(() -> scaling(fleet).path("workers").asInt() == 0);
    assertThat(value(fleet)).isZero();
  }

  private Path fleetFile() throws IOException {
    Path file = temporary.resolve("fleet.json");
    Files.writeString(
        file,
        """
        {"lanes":{"%s":{"device_type":"%s","usd_per_hour":0.01,"startup_seconds":%d,
          "models":{"%s":{"tasks":["embeddings"],"fixed_seconds":0.002,
            "seconds_per_token":0.00005,"batch_rows":32,"relative_error":0.2,"samples":100}}}}}
        """
            .formatted(PLANNED, PLANNED, STARTUP, MODEL));
    return file;
  }

  /** As KEDA reads it. */
  private static JsonNode scaling(Fleet fleet) throws Exception {
    return fleet.get("r0", "/scaling/" + PLANNED);
  }

  private static double value(Fleet fleet) throws Exception {
    return scaling(fleet).path("value").asDouble(-1);
  }

  private Request request() {
    return Request.embed(MODEL, "Passage " + numbers++ + " waits for a mill to be opened.");
  }

  private List<PendingResult> submit(HeadraceClient client, int count, Duration deadline) {
    List<PendingResult> pending = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      pending.add(client.submit(request().deadline(deadline)));
    }
    return pending;
  }

  /** The router sees a worker a moment after it says that it is ready. */
  private void awaitServed(HeadraceClient client, String deviceType) {
    await()
        .atMost(Duration.ofMinutes(1))
        .until(
            () ->
                get(client.submit(request().deadline(TIGHT)))
                    .deviceType()
                    .orElse("")
                    .equals(deviceType));
  }

  private static InferenceResult get(PendingResult pending) throws Exception {
    return pending.get(150, TimeUnit.SECONDS);
  }

  private static void assertOneOutcomeEach(
      Fleet fleet, Instant begin, List<PendingResult> pending) {
    List<String> ids = pending.stream().map(PendingResult::id).toList();
    await()
        .untilAsserted(
            () -> {
              Map<String, Set<String>> published = fleet.published(begin);
              assertThat(published.keySet()).containsAll(ids);
              assertThat(ids).allMatch(id -> published.get(id).size() == 1);
            });
  }
}
