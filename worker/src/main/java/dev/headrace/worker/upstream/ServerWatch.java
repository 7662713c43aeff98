package dev.headrace.worker.upstream;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Whether the server is there: asks for its models now and then. Owned by the engine's thread. */
final class ServerWatch {
  private static final Logger LOG = LoggerFactory.getLogger(ServerWatch.class);

  /** Between two tries at the start (chosen). */
  private static final long TRY_MS = 500;

  private final UpstreamClient client;
  private final long intervalNanos;
  private final LongSupplier nanos;
  private @Nullable CompletableFuture<List<String>> asked;
  private long askAt;
  private boolean up = true;

  ServerWatch(UpstreamClient client, long intervalNanos, LongSupplier nanos) {
    this.client = client;
    this.intervalNanos = intervalNanos;
    this.nanos = nanos;
    this.askAt = nanos.getAsLong() + intervalNanos;
  }

  /** Waits until the server answers; the names of its models. */
  static List<String> await(UpstreamClient client, long waitNanos, LongSupplier nanos)
      throws InterruptedException {
    long until = nanos.getAsLong() + waitNanos;
    Throwable last = null;
    while (last == null || nanos.getAsLong() - until < 0) {
      try {
        return client.models().get(waitNanos, TimeUnit.NANOSECONDS);
      } catch (ExecutionException | TimeoutException e) {
        Throwable cause = e.getCause() == null ? e : e.getCause();
        if (last == null) {
          LOG.info("waiting for the server url={} cause={}", client.url(), cause.toString());
        }
        last = cause;
      }
      new CountDownLatch(1).await(TRY_MS, TimeUnit.MILLISECONDS);
    }
    throw new FailureException(
        ErrorCode.DEVICE_LOST,
        "worker.upstream.url: " + client.url() + " does not answer: " + last,
        last);
  }

  /** A request failed: look at once. */
  void soon() {
    askAt = nanos.getAsLong();
  }

  /** Whether it was there at the last look; begins a look if it is time. */
  boolean up() {
    CompletableFuture<List<String>> question = asked;
    if (question != null) {
      if (question.isDone()) {
        asked = null;
        askAt = nanos.getAsLong() + intervalNanos;
        answered(question);
      }
    } else if (nanos.getAsLong() - askAt >= 0) {
      asked = client.models();
    }
    return up;
  }

  private void answered(CompletableFuture<List<String>> question) {
    boolean now = !question.isCompletedExceptionally();
    if (now != up) {
      if (now) {
        LOG.info("server answers again url={}", client.url());
      } else {
        LOG.warn("server does not answer url={}", client.url());
      }
    }
    up = now;
  }
}
