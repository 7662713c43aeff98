package dev.headrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.headrace.embedded.testing.ServerBackend;
import dev.headrace.embedded.testing.ServerSuite;
import dev.headrace.protocol.AdmissionMode;
import dev.headrace.protocol.CacheMode;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.NumericPrecision;
import dev.headrace.protocol.Status;
import dev.headrace.sdk.Estimate;
import dev.headrace.sdk.InferenceResult;
import dev.headrace.sdk.PendingResult;
import dev.headrace.sdk.Request;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;

/**
 * What becomes of a request, wherever it is: cancelled, led by another client's, of a tenant with a
 * quota, too late, too large for a device. With a router, two workers whose devices the test holds,
 * two clients, Kafka and Redis.
 */
class RequestFatesIT extends ServerSuite {
  @TempDir static Path temporary;
  private static FatesStack stack;

  @BeforeAll
  static void patience() {
    Awaitility.setDefaultTimeout(Duration.ofSeconds(60));
  }

  @BeforeParameterizedClassInvocation
  static void startStack(ServerBackend backend) throws IOException {
    if (backend.isAvailable()) {
      stack = new FatesStack(servers(), temporary);
    }
  }

  @AfterParameterizedClassInvocation
  static void stopStack() {
    if (stack != null) {
      stack.close();
      stack = null;
    }
  }

  @AfterEach
  void release() {
    if (stack != null) {
      stack.large.release();
    }
  }

  /** Half a millisecond for each of its forty words. */
  private static Request request(String model, String start) {
    return Request.embed(model, start + " water".repeat(38)).deadline(Duration.ofMinutes(2));
  }

  private static Request words(String start) {
    return request("words", start);
  }

  private static List<PendingResult> submit(int count, String start) {
    List<PendingResult> pending = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      pending.add(stack.one.submit(words(start + " " + i)));
    }
    return pending;
  }

  private static List<InferenceResult> all(List<PendingResult> pending) throws Exception {
    List<InferenceResult> results = new ArrayList<>();
    for (PendingResult p : pending) {
      results.add(get(p));
    }
    return results;
  }

  private static InferenceResult get(PendingResult pending) throws Exception {
    return pending.get(90, TimeUnit.SECONDS);
  }

  private static void holdWith(String text) {
    stack.large.hold();
    stack.one.submit(words(text));
    await().until(() -> stack.large.running() > 0);
  }

  /** Results and durable outcomes agree, and there is one of each. */
  private static void assertOneOutcomeEach(Instant since, List<InferenceResult> results) {
    List<String> ids = results.stream().map(InferenceResult::id).toList();
    await()
        .untilAsserted(
            () -> {
              var published = stack.published(since);
              assertThat(published.keySet()).containsAll(ids);
              assertThat(ids).allSatisfy(id -> assertThat(published.get(id)).hasSize(1));
            });
  }

  @Test
  void cancelled_requests_leave_router_lane_and_worker_and_are_not_run() throws Exception {
    Instant begin = Instant.now();
    holdWith("holds for the cancelled");
    List<PendingResult> pending = submit(80, "cancelled");
    await().until(() -> stack.inRouter() > 5);
    await().until(() -> stack.inWorker() > 2);
    await().until(() -> stack.inLane() > 2);
    pending.forEach(p -> assertThat(stack.one.cancel(p.id())).isTrue());
    List<InferenceResult> results = all(pending);
    assertThat(results).allMatch(r -> r.status() == Status.CANCELLED);

    // All are gone while the device is still held: nobody waited for their turn on it.
    await().until(() -> stack.inRouter() == 0 && stack.inLane() == 0 && stack.inWorker() == 1);
    stack.large.release();
    await().until(() -> stack.inWorker() == 0);
    // Only the batch that had been handed to the device before is run in vain.
    assertThat(stack.large.ran("cancelled")).isLessThanOrEqualTo(4);
    assertOneOutcomeEach(begin, results);
  }

  @Test
  void follower_of_another_client_takes_over_when_the_lease_is_over() throws Exception {
    Instant begin = Instant.now();
    double leaders = stack.count("headrace.router.cache", "place", "lead");
    stack.large.hold();
    // Nine seconds, so that a follower asks again after one; it may come late.
    Request same = words("same").deadline(Duration.ofSeconds(9)).admission(AdmissionMode.LATE);
    List<PendingResult> pending = new ArrayList<>();
    pending.add(stack.one.submit(same));
    await().until(() -> stack.large.running() > 0);
    pending.add(stack.two.submit(same));
    await().until(() -> stack.count("headrace.router.cache", "place", "lead") == leaders + 2);
    pending.add(stack.one.submit(same)); // follows the second
    await().until(() -> stack.count("headrace.router.cache", "place", "follow") >= 2);
    stack.large.release();
    List<InferenceResult> results = all(pending);
    assertThat(results).allMatch(InferenceResult::isOk);
    assertThat(results.get(1).embeddings().get(0)).isEqualTo(results.get(0).embeddings().get(0));
    assertThat(stack.large.ran("same")).isLessThanOrEqualTo(2);
    await().until(() -> stack.inWorker() == 0 && stack.inLane() == 0);
    assertOneOutcomeEach(begin, results);
    InferenceResult known = get(stack.two.submit(same));
    assertThat(known.cache()).isEqualTo(InferenceResult.Cache.HIT);
  }

  @Test
  void flood_of_one_tenant_does_not_hold_up_another() throws Exception {
    List<PendingResult> flood = new ArrayList<>();
    for (int i = 0; i < 120; i++) {
      // Its deadlines are nearer: by deadline alone all of it would come first.
      flood.add(
          stack.one.submit(words("flood " + i).tenant("flood").deadline(Duration.ofMinutes(1))));
    }
    List<PendingResult> few = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      few.add(stack.two.submit(words("few " + i).tenant("few")));
    }
    Instant last =
        all(few).stream().map(InferenceResult::endedAt).max(Instant::compareTo).orElseThrow();
    List<InferenceResult> flooded = all(flood);
    assertThat(flooded).allMatch(InferenceResult::isOk);
    assertThat(flooded.stream().filter(r -> r.endedAt().isAfter(last)).count())
        .as("of the flood after the last of the few")
        .isGreaterThan(40);
  }

  @Test
  void quotas_delay_or_reject_as_the_file_says() throws Exception {
    long begin = System.nanoTime();
    List<PendingResult> rejected = new ArrayList<>();
    List<PendingResult> delayed = new ArrayList<>();
    double before = stack.count("headrace.router.tenant.seconds", "tenant", "delayed");
    for (int i = 0; i < 40; i++) {
      rejected.add(stack.one.submit(words("rejected " + i).tenant("rejected")));
      delayed.add(stack.one.submit(words("delayed " + i).tenant("delayed")));
    }
    List<InferenceResult> told = all(rejected);
    assertThat(told).anyMatch(InferenceResult::isOk);
    List<InferenceResult> refused = told.stream().filter(r -> !r.isOk()).toList();
    assertThat(refused).isNotEmpty();
    assertThat(refused)
        .allSatisfy(
            r -> {
              assertThat(r.errorCode()).hasValue(ErrorCode.QUOTA_EXCEEDED);
              assertThat(r.errorMessage().orElse("")).contains("rejected").contains("0.05");
            });
    assertThat(all(delayed)).allMatch(InferenceResult::isOk);
    double seconds = (System.nanoTime() - begin) * 1e-9;
    double used = stack.count("headrace.router.tenant.seconds", "tenant", "delayed") - before;
    // Burst and rate, and one request on credit.
    assertThat(used).isBetween(0.0, 0.1 + 0.5 * seconds + 0.1);
  }

  @Test
  void request_that_nobody_can_do_in_time_is_refused_tried_or_done_late_as_it_says()
      throws Exception {
    holdWith("holds for the late");
    List<PendingResult> before = submit(80, "before the late");
    await().until(() -> stack.inRouter() > 5);
    Request tight = words("tight").cache(CacheMode.BYPASS).deadline(Duration.ofMillis(400));
    await().until(() -> !stack.two.estimate(tight).orElseThrow().inTime());
    Estimate estimate = stack.two.estimate(tight).orElseThrow();
    assertThat(estimate.deviceType()).isEqualTo("large");
    assertThat(estimate.usd()).isPositive();
    InferenceResult rejected = get(stack.two.submit(tight.admission(AdmissionMode.REJECT)));
    assertThat(rejected.errorCode()).hasValue(ErrorCode.NO_CAPACITY);
    PendingResult tried = stack.two.submit(tight.admission(AdmissionMode.BEST_EFFORT));
    PendingResult late = stack.two.submit(tight.admission(AdmissionMode.LATE));
    Instant over = Instant.now().plusMillis(500);
    await().until(() -> Instant.now().isAfter(over));
    stack.large.release();
    assertThat(get(tried).status()).isEqualTo(Status.EXPIRED);
    InferenceResult done = get(late);
    assertThat(done.isOk()).isTrue();
    assertThat(done.inTime()).hasValue(false);
    assertThat(done.reason()).hasValue("none_in_time");
    assertThat(all(before)).allMatch(InferenceResult::isOk);
  }

  @Test
  void device_that_cannot_run_it_is_not_asked_again_and_the_reason_says_so() throws Exception {
    InferenceResult cheap = get(stack.one.submit(request("both", "fits")));
    assertThat(cheap.deviceType()).hasValue("small");
    assertThat(cheap.reason()).hasValue("cheapest_in_time");
    InferenceResult huge = get(stack.one.submit(request("both", HeldDevice.HUGE)));
    assertThat(huge.isOk()).isTrue();
    assertThat(huge.deviceType()).hasValue("large");
    assertThat(huge.reason()).hasValue("excluded_after_failure");
    assertThat(huge.attempts()).isEqualTo(2);
    InferenceResult precise =
        get(stack.one.submit(request("both", "precise").minPrecision(NumericPrecision.FP32)));
    assertThat(precise.deviceType()).hasValue("large");
    assertThat(precise.reason()).hasValue("precision");
    InferenceResult only = get(stack.one.submit(words("only one has this model")));
    assertThat(only.deviceType()).hasValue("large");
    assertThat(only.reason()).hasValue("only_choice");
  }
}
