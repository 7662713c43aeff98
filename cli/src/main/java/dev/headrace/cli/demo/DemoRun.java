package dev.headrace.cli.demo;

import dev.headrace.protocol.Status;
import dev.headrace.protocol.Tier;
import dev.headrace.sdk.HeadraceClient;
import dev.headrace.sdk.InferenceResult;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Submits the workload as a Poisson process, waits for all outcomes, draws while it waits. */
final class DemoRun {
  private static final long DRAW_NANOS = 200_000_000L;

  private final HeadraceClient client;
  private final List<Workload.Planned> workload;
  private final double rate;
  private final LiveView view;
  private final Tally tally;
  private final long startNanos;
  private long drawAt;

  /**
   * Prepares a run.
   *
   * @param rate requests per second, 0 for as fast as the client takes them
   */
  DemoRun(
      HeadraceClient client,
      List<Workload.Planned> workload,
      double rate,
      LiveView view,
      Tally tally,
      long nowNanos) {
    this.client = client;
    this.workload = workload;
    this.rate = rate;
    this.view = view;
    this.tally = tally;
    this.startNanos = nowNanos;
    this.drawAt = nowNanos;
  }

  /**
   * Runs to the last outcome.
   *
   * @param timeout after the last submission
   * @return seconds from the start to the end
   */
  double run(Duration timeout) throws InterruptedException {
    Random random = new Random(7);
    double nextAt = 0;
    for (int i = 0; i < workload.size(); i++) {
      while (rate > 0 && seconds() < nextAt) {
        pause(Math.min(0.02, nextAt - seconds()), i);
      }
      submit(workload.get(i));
      draw(i + 1);
      nextAt += rate > 0 ? -Math.log(1 - random.nextDouble()) / rate : 0;
    }
    double until = seconds() + timeout.toSeconds();
    while (tally.size() < workload.size()) {
      if (seconds() > until) {
        throw new IllegalStateException(
            (workload.size() - tally.size()) + " requests have no outcome after " + timeout);
      }
      pause(0.02, workload.size());
    }
    drawAt = System.nanoTime();
    draw(workload.size());
    return seconds();
  }

  private void submit(Workload.Planned planned) {
    long submittedAt = System.nanoTime();
    CompletableFuture<?> unused =
        client
            .submit(planned.request())
            .whenComplete((result, failure) -> add(planned.tier(), result, failure, submittedAt));
  }

  private void add(
      Tier tier, @Nullable InferenceResult result, @Nullable Throwable failure, long submittedAt) {
    double latency = (System.nanoTime() - submittedAt) / 1e6;
    if (result == null) {
      String code = failure == null ? "" : failure.getClass().getSimpleName();
      tally.add(new Sample(tier, Status.FAILED, "", "", code, latency, false, 0, 0));
      return;
    }
    tally.add(
        new Sample(
            tier,
            result.status(),
            result.deviceType().orElse(""),
            result.isOk() ? result.cache().name().toLowerCase(Locale.ROOT) : "",
            result.errorCode().map(c -> c.wireId()).orElse(""),
            latency,
            result.inTime().orElse(false),
            result.serviceTime().map(d -> d.toNanos() / 1e9).orElse(0.0),
            result.usd().orElse(0)));
  }

  private void pause(double seconds, int submitted) throws InterruptedException {
    LockSupport.parkNanos((long) (seconds * 1e9));
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    draw(submitted);
  }

  private void draw(int submitted) {
    long now = System.nanoTime();
    if (now - drawAt >= 0) {
      drawAt = now + DRAW_NANOS;
      view.draw(tally, submitted, seconds(), now);
    }
  }

  private double seconds() {
    return (System.nanoTime() - startNanos) / (double) TimeUnit.SECONDS.toNanos(1);
  }
}
