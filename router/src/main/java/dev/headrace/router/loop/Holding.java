package dev.headrace.router.loop;

import dev.headrace.policy.Decision;
import dev.headrace.policy.Obstacle;
import dev.headrace.policy.RoutingPolicy;
import dev.headrace.policy.ServedModel;
import dev.headrace.policy.Snapshot;
import dev.headrace.protocol.AdmissionMode;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.Task;
import dev.headrace.router.state.RouterState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Requests that nobody can run now. They go on when somebody can, fail when their model stays
 * unknown for the time of grace, and expire at their deadline. A request whose model exists but has
 * no worker now waits until its deadline (one that is rather to be refused: for the time of grace),
 * and so do all while no worker at all is to be seen.
 */
final class Holding {
  /** Time between two looks at all of them (chosen; nobody notices). */
  private static final long INTERVAL_NANOS = 20_000_000;

  /** Models named in a message. */
  private static final int MAX_NAMED = 10;

  private final RouterState state;
  private final RoutingPolicy policy;
  private final Exits exits;
  private final LongSupplier nanos;
  private final long graceNanos;
  private List<Entry> held = new ArrayList<>();
  private long nextLookAt;

  Holding(Parts parts, Exits exits) {
    this.state = parts.state();
    this.policy = parts.policy();
    this.nanos = parts.nanos();
    this.graceNanos = parts.config().unknownGrace().toNanos();
    this.exits = exits;
    this.nextLookAt = nanos.getAsLong();
  }

  void add(Entry entry) {
    entry.held(nanos.getAsLong());
    held.add(entry);
  }

  int size() {
    return held.size();
  }

  /**
   * Looks at all of them, now and then.
   *
   * @param again takes those that somebody can run now
   */
  void step(Consumer<Entry> again) {
    long now = nanos.getAsLong();
    if (held.isEmpty() || now - nextLookAt < 0) {
      return;
    }
    nextLookAt = now + INTERVAL_NANOS;
    List<Entry> before = held;
    held = new ArrayList<>();
    Snapshot snapshot = state.snapshot();
    for (Entry entry : before) {
      look(entry, snapshot, now, again);
    }
  }

  private void look(Entry entry, Snapshot snapshot, long now, Consumer<Entry> again) {
    Instant time = exits.now();
    if (entry.request().expiredAt(time)) {
      exits.expire(entry);
    } else if (policy.choose(entry.request(), snapshot, time) instanceof Decision.None none) {
      Failure failure =
          none.obstacle() == Obstacle.NONE_IN_TIME
              ? tooLate(entry, none, time)
              : failure(entry, none.obstacle(), now);
      if (failure == null) {
        held.add(entry);
      } else {
        exits.fail(entry, failure);
      }
    } else {
      again.accept(entry);
    }
  }

  /** It asked to be told at once. */
  private static Failure tooLate(Entry entry, Decision.None none, Instant time) {
    Instant best = time.plusMillis(Math.round(none.bestSeconds() * 1000));
    return new Failure(
        ErrorCode.NO_CAPACITY,
        "deadline: "
            + entry.request().deadline()
            + " (expected: not before "
            + best
            + ", when the first device could be done)");
  }

  /** Why it must fail now, or null while it may wait. */
  private @Nullable Failure failure(Entry entry, Obstacle obstacle, long now) {
    Long since = entry.heldSinceNanos();
    if (since == null || now - since < graceNanos || !state.knowsTheModels()) {
      return null;
    }
    InferenceRequest request = entry.request();
    return switch (obstacle) {
      case UNKNOWN_MODEL ->
          new Failure(
              ErrorCode.UNKNOWN_MODEL,
              "model: " + request.model() + " (expected: one of " + models() + ")");
      case UNKNOWN_TASK ->
          new Failure(
              ErrorCode.UNKNOWN_TASK,
              "task: " + request.task().wireName() + " (expected: one of " + tasks(request) + ")");
      case ALL_EXCLUDED ->
          new Failure(
              ErrorCode.NO_CAPACITY,
              "device types excluded after failure: "
                  + String.join(", ", request.attempts().excluded())
                  + " (expected: another that serves "
                  + request.model()
                  + ")");
      case NOT_PRECISE_ENOUGH ->
          new Failure(
              ErrorCode.NO_CAPACITY,
              "minprecision: "
                  + request.terms().minPrecision()
                  + " (expected: one that a worker of "
                  + request.model()
                  + " has)");
      case NO_WORKER -> // one that asked to be told is not left to wait for who may never come
          request.terms().admission() == AdmissionMode.REJECT
              ? new Failure(
                  ErrorCode.NO_CAPACITY,
                  "workers of " + request.model() + ": none is ready (expected: one that is)")
              : null;
      case NONE_IN_TIME -> null;
    };
  }

  private String models() {
    return state.fleet().models().keySet().stream()
        .sorted()
        .limit(MAX_NAMED)
        .collect(Collectors.joining(", "));
  }

  private String tasks(InferenceRequest request) {
    ServedModel model = state.model(request.model());
    return model == null
        ? ""
        : model.lanes().keySet().stream()
            .map(Task::wireName)
            .sorted()
            .collect(Collectors.joining(", "));
  }

  /** Forgets what matches. */
  void dropIf(Predicate<Entry> gone) {
    takeIf(gone, exits::forget);
  }

  /** Takes out what matches. */
  void takeIf(Predicate<Entry> matches, Consumer<Entry> taken) {
    held.removeIf(
        e -> {
          boolean take = matches.test(e);
          if (take) {
            taken.accept(e);
          }
          return take;
        });
  }
}
