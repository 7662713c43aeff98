package dev.headrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.headrace.protocol.Status;
import dev.headrace.sdk.HeadraceClient;
import dev.headrace.sdk.InferenceResult;
import dev.headrace.sdk.PendingResult;
import dev.headrace.sdk.Request;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Lanes that share groups serve, from the client through the router to a real model and back. */
class ShareGroupIT {
  private static final String MODEL = "all-minilm-l6-v2";

  @TempDir Path temporary;

  private static List<PendingResult> submit(HeadraceClient client, int count, Duration deadline) {
    List<PendingResult> pending = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String text = "Passage " + i + " of the water that comes to the wheel by the headrace.";
      pending.add(client.submit(Request.embed(MODEL, text).deadline(deadline)));
    }
    return pending;
  }

  private static List<InferenceResult> results(List<PendingResult> pending) throws Exception {
    List<InferenceResult> results = new ArrayList<>();
    for (PendingResult p : pending) {
      results.add(p.get(150, TimeUnit.SECONDS));
    }
    return results;
  }

  /** What the router counts in the lane, at most, from before the first request to the end. */
  private static double mostSeconds(LiveStack stack, Future<?> over) throws InterruptedException {
    double most = 0;
    while (!over.isDone()) {
      most = Math.max(most, stack.router().demand().of("cpu-fp32").laneSeconds());
      Thread.sleep(20);
    }
    return most;
  }

  @Test
  void requests_are_served_and_the_backlog_is_theirs() throws Exception {
    ExecutorService submitter = Executors.newSingleThreadExecutor();
    try (LiveStack stack =
        new LiveStack(
            "share",
            Map.of("worker.intake", "share", "worker.threads", "1", "worker.usd-per-hour", "1"))) {
      Future<List<InferenceResult>> served =
          submitter.submit(() -> results(submit(stack.client(), 500, Duration.ofMinutes(2))));
      assertThat(mostSeconds(stack, served)).isPositive();
      assertThat(served.get()).hasSize(500).allMatch(r -> r.status() == Status.OK);
      await()
          .atMost(Duration.ofSeconds(30))
          .until(
              () ->
                  stack.router().demand().of("cpu-fp32").seconds() == 0
                      && stack.worker().app().health().inFlight() == 0);
    } finally {
      submitter.shutdownNow();
    }
  }

  @Test
  void work_of_a_lane_whose_only_worker_was_killed_goes_to_another_lane() throws Exception {
    Instant begin = Instant.now();
    try (Fleet fleet = new Fleet(temporary);
        HeadraceClient client = fleet.client("share")) {
      fleet.router("r");
      fleet.worker("cheap", "fp32", 0.01, "worker.intake=share", "worker.batch.max-rows=8");
      fleet.awaitReady(1);
      List<PendingResult> pending = submit(client, 300, Duration.ofMinutes(2));
      pending.get(0).get(60, TimeUnit.SECONDS);
      fleet.kill("cheap");
      fleet.worker("dear", "int8", 5);
      List<InferenceResult> results = results(pending);
      assertThat(results).allMatch(r -> r.status() == Status.OK);
      Map<String, Set<String>> published = fleet.published(begin);
      assertThat(published).hasSize(300);
      assertThat(published.values()).allMatch(s -> s.size() == 1);
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> fleet.admin().lag(List.of("cpu-fp32")).get("cpu-fp32") == 0);
      assertThat(fleet.failures()).isEmpty();
    }
  }
}
