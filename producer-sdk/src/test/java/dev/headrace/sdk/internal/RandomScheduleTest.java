package dev.headrace.sdk.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.CacheMode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.service.WorkerState;
import dev.headrace.sdk.HeadraceException;
import dev.headrace.sdk.OverloadedException;
import dev.headrace.sdk.ResultLostException;
import dev.headrace.sdk.ResultTimeoutException;
import dev.headrace.sdk.SendFailedException;
import dev.headrace.sdk.internal.World.Told;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random orders of submitting, sending, working, receiving, failing and recovering. However they
 * come: each future is told once; what Kafka took and a worker ended comes to an outcome; nothing
 * stays behind.
 */
class RandomScheduleTest {
  private static final int STEPS = 1500;

  private static final class Run {
    final Random random;
    final World world = new World(Map.of("sdk.max-pending", "50", "sdk.queue-requests", "20"));
    final List<Told> all = new ArrayList<>();
    final Map<Told, String> ids = new HashMap<>();
    final Set<String> large = new HashSet<>();
    final Set<String> cancelled = new HashSet<>();
    boolean kafkaDown;
    boolean redisDown;
    int next;

    Run(long seed) {
      random = new Random(seed);
    }

    void step() {
      switch (random.nextInt(20)) {
        case 0, 1, 2, 3, 4 -> submit();
        case 5, 6, 7 -> world.send();
        case 8, 9, 10 -> world.work();
        case 11, 12, 13, 14 -> world.receive();
        case 15 -> world.time.advance(Duration.ofMillis(random.nextInt(3000)));
        case 16 -> disturbRedis();
        case 17 -> disturbKafka();
        case 18 -> cancel();
        default -> whenRedisIsUp(() -> world.worker("w1", World.REVISION, WorkerState.READY));
      }
      assertThat(all).allMatch(told -> told.times() <= 1);
    }

    void submit() {
      boolean idempotent = random.nextInt(4) == 0;
      String id = idempotent ? "key-" + random.nextInt(10) : "id-" + next++;
      boolean big = !idempotent && random.nextInt(10) == 0;
      InferenceRequest request =
          world.request(
              id,
              big ? World.BIG + id : "text " + random.nextInt(5),
              random.nextInt(6) == 0 ? "my.topic" : null,
              random.nextInt(3) == 0 ? CacheMode.BYPASS : CacheMode.USE,
              Duration.ofSeconds(30 + random.nextInt(300)));
      if (big) {
        large.add(id);
      }
      try {
        Told told = world.submit(request, idempotent);
        all.add(told);
        ids.put(told, id);
      } catch (OverloadedException e) {
        assertThat(waiting()).isEqualTo(50);
      }
    }

    /** Of two requests with one id the first one's deadline counts. */
    Instant deadline(Told told) {
      return world.core.table().get(ids.get(told)).deadline();
    }

    long waiting() {
      return all.stream().filter(Told::waits).count();
    }

    void disturbRedis() {
      switch (random.nextInt(5)) {
        case 0 -> {
          redisDown = true;
          world.outage.loseAnswers();
        }
        case 1 -> {
          world.store.clear();
          world.cache.clear();
        }
        case 2 -> whenRedisIsUp(() -> world.cacheResult("text " + random.nextInt(5)));
        default -> {
          redisDown = !redisDown;
          if (redisDown) {
            world.outage.begin();
          } else {
            world.outage.end();
          }
        }
      }
    }

    void whenRedisIsUp(Runnable action) {
      if (!redisDown) {
        action.run();
      }
    }

    void disturbKafka() {
      switch (random.nextInt(4)) {
        case 0 -> world.producer.hold();
        case 1 -> {
          world.producer.loseNextAnswer();
          world.producer.release();
        }
        default -> {
          kafkaDown = !kafkaDown;
          world.outcomes.down(kafkaDown);
          world.producer.failWith(
              kafkaDown
                  ? new Failure(dev.headrace.protocol.ErrorCode.BROKER_UNAVAILABLE, "is down")
                  : null);
        }
      }
    }

    void cancel() {
      if (all.isEmpty()) {
        return;
      }
      String id = ids.get(all.get(random.nextInt(all.size())));
      cancelled.add(id);
      world.core.cancelSoon(id);
    }

    /** Everything works again; more than enough time for whatever is under way. */
    void calm() {
      world.outage.end();
      world.producer.failWith(null);
      world.producer.release();
      world.outcomes.down(false);
      for (int i = 0; i < 600; i++) {
        world.send();
        world.work();
        world.receive();
        world.time.advance(Duration.ofSeconds(1));
      }
    }
  }

  /** More of them with -Dheadrace.seeds=N. */
  static LongStream seeds() {
    return LongStream.rangeClosed(1, Long.getLong("headrace.seeds", 20));
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void every_future_is_told_once_and_what_ended_is_told_as_it_ended(long seed) {
    Run run = new Run(seed);
    for (int i = 0; i < STEPS; i++) {
      run.step();
    }
    // Those with an idempotency key aside: their outcome may have been published before they were
    // submitted again, and then lost by Redis.
    // From now on a worker answers all that Kafka has; seconds later the client can read it there.
    Instant readable = run.world.time.instant().plusSeconds(10);
    List<Told> waiting =
        run.all.stream()
            .filter(Told::waits)
            .filter(told -> !run.ids.get(told).startsWith("key-"))
            .filter(told -> run.deadline(told).isAfter(readable))
            .toList();
    run.calm();

    assertThat(waiting)
        .flatMap(told -> told.failures)
        .noneMatch(failure -> failure instanceof ResultTimeoutException);
    assertThat(run.all).allMatch(told -> told.times() == 1);
    assertThat(run.world.core.table().isEmpty()).isTrue();
    assertThat(run.world.outcomes.open()).isZero();
    run.all.forEach(told -> check(run, told));
    refill(run);
  }

  private static void check(Run run, Told told) {
    String id = run.ids.get(told);
    if (told.failures.isEmpty()) {
      Outcome outcome = told.outcome();
      assertThat(outcome.id()).isEqualTo(id);
      assertThat(outcome.status()).isIn(Status.OK, Status.CANCELLED);
      assertThat(outcome.status() == Status.OK || run.cancelled.contains(id)).isTrue();
      return;
    }
    HeadraceException failure = told.failure();
    assertThat(failure.requestId()).contains(id);
    if (failure instanceof ResultLostException) {
      assertThat(run.large).contains(id);
    } else {
      assertThat(failure)
          .isInstanceOfAny(
              SendFailedException.class, OverloadedException.class, ResultTimeoutException.class);
    }
  }

  /** All the room is there again. */
  private static void refill(Run run) {
    for (int i = 0; i < 20; i++) {
      assertThat(run.world.submit("again-" + i).waits()).isTrue();
    }
    run.world.send();
    for (int i = 20; i < 40; i++) {
      assertThat(run.world.submit("again-" + i).waits()).isTrue();
    }
    run.world.send();
    for (int i = 40; i < 50; i++) {
      assertThat(run.world.submit("again-" + i).waits()).isTrue();
    }
  }
}
