package dev.headrace.worker.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.service.WorkerState;
import dev.headrace.transport.testing.InMemoryDeviceRegistry;
import dev.headrace.transport.testing.Outage;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Heartbeats live for ten seconds; each test worker sends its own when the test says so. */
class ClaimTest {
  private static final Duration TIME_TO_LIVE = Duration.ofSeconds(10);
  private static final String GROUP = "headrace.lane.l";
  private static final String SHARE = "headrace.share.l";

  private final Outage outage = new Outage();
  private long nanos = 1_000_000_000_000L;
  private final InMemoryDeviceRegistry registry =
      new InMemoryDeviceRegistry(() -> nanos, TIME_TO_LIVE, outage);

  private void pass(Duration time) {
    nanos += time.toNanos();
  }

  private final class Worker {
    final Heartbeat heartbeat;
    final Claim claim;

    Worker(String id, String instance, String lane, String group) {
      Identity self = new Identity(id, "type", lane, 1);
      StoreGate gate = new StoreGate(Duration.ofMillis(200).toNanos(), () -> nanos);
      claim = new Claim(registry, gate, self, group, instance);
      heartbeat = new Heartbeat(claim, self, group, Duration.ofSeconds(1).toNanos(), nanos);
    }

    /** Sends a heartbeat, a while after the one before. */
    Worker beat() {
      pass(Duration.ofMillis(300));
      Instant now = Instant.ofEpochSecond(0, nanos);
      heartbeat.send(new Heartbeat.Load(WorkerState.READY, 0, 0, 0, 0, 0), Map.of(), nanos, now);
      return this;
    }
  }

  private Worker worker(String id, String instance) {
    return new Worker(id, instance, "l", GROUP);
  }

  @Test
  void worker_holds_its_id_from_its_first_heartbeat_on() {
    Worker worker = worker("w", "a");
    assertThat(worker.claim.held()).isFalse();
    assertThat(worker.beat().claim.held()).isTrue();
    assertThat(worker.beat().claim.held()).isTrue();
  }

  @Test
  void second_worker_with_the_id_of_one_that_lives_is_refused_and_the_first_is_not_disturbed() {
    Worker first = worker("w", "a").beat();
    Worker second = worker("w", "b").beat();
    assertThat(second.claim.held()).as("it may be of an earlier life").isFalse();
    assertThat(first.beat().claim.held()).isTrue();
    assertThatThrownBy(second::beat)
        .isInstanceOf(FailureException.class)
        .hasMessageContaining("worker.id: w (expected: an id that no other living worker has; a");
    second.claim.release();
    assertThat(first.beat().claim.held()).isTrue();
    assertThat(registry.list()).hasSize(1);
  }

  @Test
  void restarted_worker_waits_for_the_heartbeat_of_its_earlier_life_and_no_longer() {
    worker("w", "a").beat();
    Worker again = worker("w", "b");
    long begin = nanos;
    while (!again.beat().claim.held()) {
      assertThat(again.claim.waits()).isTrue();
      assertThat(again.heartbeat.untilDue(nanos)).isEqualTo(Duration.ofMillis(250).toNanos());
      assertThat(nanos - begin).isLessThan(TIME_TO_LIVE.toNanos());
    }
    assertThat(again.claim.waits()).isFalse();
    assertThat(again.heartbeat.untilDue(nanos)).as("it says so at once").isZero();
  }

  @Test
  void worker_that_was_silent_for_too_long_finds_that_its_id_is_another_instances() {
    Worker first = worker("w", "a").beat();
    pass(TIME_TO_LIVE);
    Worker second = worker("w", "b").beat();
    assertThat(second.claim.held()).isTrue();
    assertThat(first.beat().claim.held()).isFalse();
    second.beat();
    assertThatThrownBy(first::beat).hasMessageContaining("worker.id: w (expected");
    first.claim.release();
    assertThat(registry.list()).hasSize(1);
  }

  @Test
  void two_that_start_while_redis_is_away_work_only_when_it_is_known_whose_the_id_is() {
    outage.begin();
    Worker first = worker("w", "a").beat();
    Worker second = worker("w", "b").beat();
    assertThat(first.claim.held()).isFalse();
    assertThat(second.claim.held()).isFalse();
    outage.end();
    assertThat(second.beat().claim.held()).isTrue();
    assertThat(first.beat().claim.held()).isFalse();
    second.beat();
    assertThatThrownBy(first::beat).hasMessageContaining("worker.id: w (expected");
  }

  @Test
  void outage_takes_nobody_the_id() {
    Worker worker = worker("w", "a").beat();
    outage.begin();
    assertThat(worker.beat().claim.held()).isTrue();
    pass(TIME_TO_LIVE);
    outage.end();
    assertThat(worker.beat().claim.held()).isTrue();
  }

  @Test
  void worker_of_the_other_kind_of_group_is_refused_and_the_first_works_on() {
    Worker first = worker("w1", "a").beat();
    Worker second = new Worker("w2", "b", "l", SHARE).beat();
    assertThat(second.claim.held()).isFalse();
    assertThat(first.beat().claim.held()).isTrue();
    assertThatThrownBy(second::beat)
        .isInstanceOf(FailureException.class)
        .hasMessageContaining("worker.intake")
        .hasMessageContaining(SHARE + " (expected: as " + GROUP + ", like worker w1;");
    assertThat(first.beat().claim.held()).isTrue();
  }

  @Test
  void of_two_that_start_in_one_moment_at_most_one_kind_of_group_works() {
    Worker first = worker("w1", "a");
    Worker second = new Worker("w2", "b", "l", SHARE);
    assertThat(first.beat().claim.held()).isTrue();
    assertThat(second.beat().claim.held()).as("sees what was sent before it looked").isFalse();
  }

  @Test
  void dead_worker_of_the_other_kind_of_group_is_waited_for() {
    worker("w1", "a").beat();
    Worker second = new Worker("w2", "b", "l", SHARE);
    assertThat(second.beat().claim.held()).isFalse();
    long begin = nanos;
    while (!second.beat().claim.held()) {
      assertThat(nanos - begin).isLessThan(TIME_TO_LIVE.toNanos());
    }
  }

  @Test
  void workers_of_other_lanes_and_of_the_same_group_are_no_hindrance() {
    worker("w1", "a").beat();
    assertThat(worker("w2", "b").beat().claim.held()).isTrue();
    assertThat(new Worker("w3", "c", "other", SHARE).beat().claim.held()).isTrue();
  }
}
