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

/** Time passes only while the look waits; heartbeats live for ten seconds. */
class EarlyLookTest {
  private static final Duration SECOND = Duration.ofSeconds(1);

  private long nanos = 1_000_000_000_000L;
  private final Outage outage = new Outage();
  private final InMemoryDeviceRegistry registry =
      new InMemoryDeviceRegistry(() -> nanos, Duration.ofSeconds(10), outage);

  /** What others do while it waits. */
  private Runnable meanwhile = () -> {};

  private final EarlyLook look =
      new EarlyLook(
          registry,
          () -> nanos,
          wait -> {
            nanos += wait;
            meanwhile.run();
          });

  private Heartbeat other(String id) {
    Identity self = new Identity(id, "type", "l", 1);
    StoreGate gate = new StoreGate(0, () -> nanos);
    Claim claim = new Claim(registry, gate, self, "headrace.lane.l", "other");
    return new Heartbeat(claim, self, "headrace.lane.l", SECOND.toNanos(), nanos);
  }

  private void beat(Heartbeat heartbeat) {
    Instant now = Instant.ofEpochSecond(0, nanos);
    heartbeat.send(new Heartbeat.Load(WorkerState.LOADING, 0, 0, 0, 0, 0), Map.of(), nanos, now);
  }

  private Duration waited(Duration interval) {
    long begin = nanos;
    look.requireFree("w", interval);
    return Duration.ofNanos(nanos - begin);
  }

  @Test
  void id_that_nobody_has_is_free_at_once() {
    beat(other("v"));
    assertThat(waited(SECOND)).isZero();
  }

  @Test
  void id_of_one_that_sends_another_heartbeat_is_refused_while_that_one_loads_too() {
    Heartbeat other = other("w");
    beat(other);
    meanwhile =
        () -> {
          if (other.untilDue(nanos) == 0) {
            beat(other);
          }
        };
    assertThatThrownBy(() -> look.requireFree("w", SECOND))
        .isInstanceOf(FailureException.class)
        .hasMessageContaining("worker.id: w (expected: an id that no other living worker has; one")
        .hasMessageContaining("lane l");
  }

  @Test
  void heartbeat_of_an_earlier_life_is_waited_for_two_intervals_and_at_most_five_seconds() {
    beat(other("w"));
    assertThat(waited(SECOND)).isBetween(Duration.ofSeconds(2), Duration.ofMillis(2500));
    assertThat(waited(Duration.ofMinutes(1)))
        .isBetween(Duration.ofSeconds(5), Duration.ofMillis(5250));
  }

  @Test
  void heartbeat_that_runs_out_ends_the_wait() {
    beat(other("w"));
    nanos += Duration.ofSeconds(9).toNanos();
    assertThat(waited(SECOND)).isBetween(Duration.ofSeconds(1), Duration.ofMillis(1250));
  }

  @Test
  void nobody_waits_for_redis() {
    beat(other("w"));
    outage.begin();
    assertThat(waited(SECOND)).isZero();
  }
}
