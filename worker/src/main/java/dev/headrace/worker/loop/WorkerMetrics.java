package dev.headrace.worker.loop;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.service.WorkerState;
import dev.headrace.worker.device.ServiceSample;
import dev.headrace.worker.device.StepSample;
import dev.headrace.worker.failure.Action;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Timer;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * The worker's meters; all are named {@code headrace.worker.*} and carry {@code device_type} and
 * {@code worker}. Gauges read what the loop published last.
 */
public final class WorkerMetrics {
  private static final String PREFIX = "headrace.worker.";

  private final MeterRegistry registry;
  private final List<Tag> tags;
  private final DistributionSummary batchRows;
  private final DistributionSummary padding;
  private final DistributionSummary stepTexts;
  private final Timer step;
  private final Counter promptTokens;
  private final Timer service;
  private final Timer queueWait;
  private final DistributionSummary deviceSeconds;
  private final Counter tokens;
  private final Counter busySeconds;
  private final Counter inTime;
  private final Counter late;
  private final Counter coalesced;
  private final Counter standing;
  private final Counter ok;
  private final Map<ErrorCode, Counter> failed = new EnumMap<>(ErrorCode.class);
  private final Map<ErrorCode, Counter> retries = new EnumMap<>(ErrorCode.class);
  private final Map<ErrorCode, Counter> deadLetters = new EnumMap<>(ErrorCode.class);
  private final Map<Status, Counter> others = new EnumMap<>(Status.class);

  /**
   * Registers the meters.
   *
   * @param health what the gauges read
   */
  public WorkerMetrics(
      MeterRegistry registry, String deviceType, String workerId, Supplier<WorkerHealth> health) {
    this.registry = registry;
    this.tags = List.of(Tag.of("device_type", deviceType), Tag.of("worker", workerId));
    batchRows = summary("batch.rows", "rows in a batch");
    padding = summary("batch.padding.share", "padding in a batch over all its tokens");
    service = timer("batch.service", "service time of a batch");
    stepTexts = summary("step.texts", "texts that got a token in a step of generating");
    step = timer("step.service", "service time of a step of generating");
    promptTokens = counter("step.prompt.tokens", "tokens of prompts that steps ran");
    queueWait = timer("queue.wait", "from submission to the start on the device");
    deviceSeconds = summary("request.device.seconds", "a request's share of the device's time");
    tokens = counter("tokens", "tokens that the device ran, without padding");
    busySeconds = counter("device.busy.seconds", "time in which the device ran batches");
    inTime = counter("deadlines", "responses by deadline", Tag.of("met", "true"));
    late = counter("deadlines", "responses by deadline", Tag.of("met", "false"));
    coalesced = counter("coalesced", "requests answered by an identical one");
    standing = counter("standing", "records whose request had its outcome already");
    ok = outcomes("ok", "none");
    gauge("in.flight", "records taken and not acknowledged", health, h -> h.inFlight());
    gauge("queued.seconds", "work that waits", health, h -> h.queuedSeconds());
    gauge("device.utilisation", "recent share of busy time", health, h -> h.utilisation());
    gauge(
        "device.memory.free.bytes",
        "memory of the device that is free, by its driver on a GPU",
        health,
        h -> h.memoryFreeBytes());
    gauge(
        "device.memory.unused.bytes",
        "memory of a GPU that libtorch keeps for later and nothing uses, fragments among it",
        health,
        h -> h.memoryUnusedBytes());
    gauge(
        "models.memory.bytes",
        "memory of the models that come and go",
        health,
        h -> h.modelBytes());
    gauge(
        "device.stalled",
        "whether the device has been at a batch for far too long",
        health,
        h -> h.state() == WorkerState.STALLED ? 1 : 0);
    gauge("store.up", "whether Redis answers", health, h -> h.storeUp() ? 1 : 0);
    gauge("broker.up", "whether Kafka answers", health, h -> h.brokerUp() ? 1 : 0);
  }

  private DistributionSummary summary(String name, String what) {
    return DistributionSummary.builder(PREFIX + name)
        .description(what)
        .tags(tags)
        .register(registry);
  }

  private Timer timer(String name, String what) {
    return Timer.builder(PREFIX + name).description(what).tags(tags).register(registry);
  }

  private Counter counter(String name, String what, Tag... more) {
    return Counter.builder(PREFIX + name)
        .description(what)
        .tags(tags)
        .tags(List.of(more))
        .register(registry);
  }

  private Counter outcomes(String status, String code) {
    return counter(
        "outcomes",
        "requests that ended here, by status and error code",
        Tag.of("status", status),
        Tag.of("code", code));
  }

  private interface Reading {
    double of(WorkerHealth health);
  }

  private void gauge(String name, String what, Supplier<WorkerHealth> health, Reading reading) {
    Gauge.builder(PREFIX + name, health, h -> reading.of(h.get()))
        .description(what)
        .tags(tags)
        .strongReference(true)
        .register(registry);
  }

  void measured(ServiceSample sample) {
    long padded = (long) sample.rows() * sample.paddedLength();
    batchRows.record(sample.rows());
    padding.record(1 - (double) sample.tokens() / padded);
    service.record((long) (sample.seconds() * 1e9), TimeUnit.NANOSECONDS);
    tokens.increment((double) sample.tokens());
    busySeconds.increment(sample.seconds());
  }

  void stepped(StepSample sample) {
    stepTexts.record(sample.sequences());
    step.record((long) (sample.seconds() * 1e9), TimeUnit.NANOSECONDS);
    promptTokens.increment((double) sample.promptTokens());
  }

  void served(long queueMs, double seconds, long slackNanos) {
    queueWait.record(queueMs, TimeUnit.MILLISECONDS);
    deviceSeconds.record(seconds);
    (slackNanos >= 0 ? inTime : late).increment();
  }

  void outcome(Outcome outcome) {
    if (outcome.status() == Status.OK) {
      ok.increment();
    } else if (outcome.failure() != null) {
      failed
          .computeIfAbsent(outcome.failure().code(), c -> outcomes("failed", c.wireId()))
          .increment();
    } else {
      others
          .computeIfAbsent(
              outcome.status(), s -> outcomes(s.name().toLowerCase(Locale.ROOT), "none"))
          .increment();
    }
  }

  void deadLetter(ErrorCode code) {
    byCode(deadLetters, "dead.letters", "records sent to the dead-letter topic", code);
  }

  void retry(ErrorCode code) {
    byCode(retries, "retries", "requests sent back to be tried again", code);
  }

  private void byCode(Map<ErrorCode, Counter> counters, String name, String what, ErrorCode code) {
    counters
        .computeIfAbsent(code, c -> counter(name, what, Tag.of("code", c.wireId())))
        .increment();
  }

  void batchFailed(ErrorCode code, Action action) {
    counter(
            "batch.failures",
            "batches that failed, by error code and what was done",
            Tag.of("code", code.wireId()),
            Tag.of("action", action.name().toLowerCase(Locale.ROOT)))
        .increment();
  }

  void coalesced() {
    coalesced.increment();
  }

  void standing() {
    standing.increment();
  }
}
