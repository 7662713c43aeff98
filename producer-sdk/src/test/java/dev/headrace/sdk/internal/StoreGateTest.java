package dev.headrace.sdk.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class StoreGateTest {
  private static final FailureException AWAY =
      new FailureException(ErrorCode.STORE_UNAVAILABLE, "away");

  private final FakeTime time = new FakeTime();
  private final StoreGate gate = new StoreGate("test", Duration.ofSeconds(2), time);

  @Test
  void closed_for_a_while_after_each_failure() {
    assertThat(gate.open()).isTrue();
    gate.failed(AWAY);
    assertThat(gate.open()).isFalse();
    time.advance(Duration.ofSeconds(2));
    assertThat(gate.open()).isTrue();
    gate.failed(AWAY);
    assertThat(gate.open()).isFalse();
  }

  @Test
  void time_away_counts_from_the_first_failure() {
    gate.failed(AWAY);
    time.advance(Duration.ofSeconds(3));
    gate.failed(AWAY);

    assertThat(gate.isDown()).isTrue();
    assertThat(gate.downFor(Duration.ofSeconds(3))).isTrue();
    assertThat(gate.downFor(Duration.ofSeconds(4))).isFalse();
  }

  @Test
  void return_is_told_once() {
    assertThat(gate.answered()).isFalse();
    gate.failed(AWAY);
    assertThat(gate.answered()).isTrue();
    assertThat(gate.answered()).isFalse();
    assertThat(gate.isDown()).isFalse();
    assertThat(gate.downFor(Duration.ZERO)).isFalse();
  }
}
