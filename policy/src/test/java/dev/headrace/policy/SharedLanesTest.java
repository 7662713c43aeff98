package dev.headrace.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.headrace.policy.Snapshot.Loads;
import dev.headrace.policy.testing.Fleets;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** How several routers share a lane. */
class SharedLanesTest {
  private static final Offset<Double> NEAR = within(1e-9);

  /** One lane with a window of 2 seconds and one worker. */
  private final Fleet fleet = new Fleets().lane("lane", 1, 1, 0.1).build();

  private Snapshot snapshot(double sent, double others, int routers) {
    return Snapshot.of(
        fleet, new Loads(new double[] {sent}, new double[] {others}, new double[1], routers, 0));
  }

  private static int sendsUntilFull(Snapshot snapshot) {
    int sends = 0;
    for (Snapshot s = snapshot; s.hasRoom(0); s = s.withSent(0, 0.125)) {
      sends++;
    }
    return sends;
  }

  @Test
  void each_of_n_routers_fills_its_share_of_the_room() {
    // 2 s of room in steps of an eighth.
    assertThat(sendsUntilFull(snapshot(0, 0, 1))).isEqualTo(16);
    assertThat(sendsUntilFull(snapshot(0, 0, 2))).isEqualTo(8);
    assertThat(sendsUntilFull(snapshot(0, 0, 4))).isEqualTo(4);
    // Half of it is taken.
    assertThat(sendsUntilFull(snapshot(1, 0, 2))).isEqualTo(4);
  }

  @Test
  void wait_counts_what_other_routers_get_done_meanwhile() {
    // 4 s of ours wait; the other gets as much done in the same time, 8 s in all.
    assertThat(snapshot(0, 100, 2).withPlanned(0, 4).waitSeconds(0)).isCloseTo(8, NEAR);
    // The other has only 1 s.
    assertThat(snapshot(0, 1, 2).withPlanned(0, 4).waitSeconds(0)).isCloseTo(5, NEAR);
    // Who is first in line here waits for nobody's buffer.
    assertThat(snapshot(0, 100, 2).waitSeconds(0)).isCloseTo(0, NEAR);
    // Alone, nothing changes.
    assertThat(snapshot(0, 0, 1).withPlanned(0, 4).waitSeconds(0)).isCloseTo(4, NEAR);
  }

  @Test
  void lane_without_workers_has_no_room_but_can_be_waited_for() {
    Fleet empty =
        new Fleets().lane(new Lane("lane", "h100", 1, 0, 2, 90), Fleets.curve(0.1, 0)).build();
    Snapshot snapshot = Snapshot.of(empty, 0);
    assertThat(snapshot.hasRoom(0)).isFalse();
    assertThat(snapshot.withPlanned(0, 3).waitSeconds(0)).isCloseTo(93, NEAR);
  }
}
