package dev.headrace.router.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class LaneLedgerTest {
  private static final Offset<Double> NEAR = within(1e-9);
  private static final long SECOND = 1_000_000_000;

  private final LaneLedger ledger = new LaneLedger(0);

  private double seconds(double atSecond) {
    return ledger.seconds(1, 0.5, 1, (long) (atSecond * SECOND));
  }

  private void send(int records, double each) {
    for (int i = 0; i < records; i++) {
      ledger.sent(each);
    }
  }

  @Test
  void counts_what_was_sent_before_any_reading() {
    send(10, 0.1);
    assertThat(seconds(0)).isCloseTo(1, NEAR);
  }

  @Test
  void lag_counts_at_the_mean_of_what_was_sent() {
    send(10, 0.1);
    ledger.appended(1);
    ledger.read(4, ledger.mark(), 0);
    assertThat(seconds(0)).isCloseTo(0.4, NEAR);
  }

  @Test
  void short_lanes_follow_what_was_sent_last() {
    send(500, 1);
    ledger.appended(500);
    ledger.read(16, ledger.mark(), 0);
    send(200, 0.1);
    ledger.appended(20);
    ledger.read(16, ledger.mark(), 0);
    assertThat(seconds(0)).isBetween(1.6, 2.4);
  }

  @Test
  void lag_counts_at_the_usual_time_when_nothing_was_sent() {
    ledger.read(4, 0, 0);
    assertThat(seconds(0)).isCloseTo(2, NEAR);
  }

  @Test
  void what_is_on_its_way_when_the_lag_is_asked_for_counts_beside_it() {
    send(10, 0.1);
    ledger.appended(0.6);
    ledger.read(6, ledger.mark(), 0);
    assertThat(seconds(0)).isCloseTo(0.6 + 0.4, NEAR);
  }

  @Test
  void workers_are_taken_to_work_since_the_reading_but_not_for_long() {
    ledger.read(8, 0, 0);
    assertThat(seconds(0.5)).isCloseTo(3.5, NEAR);
    assertThat(seconds(1)).isCloseTo(3, NEAR);
    assertThat(seconds(60)).isCloseTo(3, NEAR);
    assertThat(ledger.seconds(4, 0.5, 1, SECOND)).isCloseTo(0, NEAR);
  }

  @Test
  void mean_follows_a_change() {
    send(5000, 0.1);
    send(5000, 1);
    ledger.appended(5500);
    ledger.read(100, ledger.mark(), 0);
    assertThat(seconds(0)).isGreaterThan(95);
  }
}
