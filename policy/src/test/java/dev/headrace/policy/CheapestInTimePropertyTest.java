package dev.headrace.policy;

import static dev.headrace.policy.testing.RequestBuilder.START;
import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** What holds for every fleet, load and request. */
class CheapestInTimePropertyTest {
  private final CheapestInTime policy = new CheapestInTime(0);

  @Provide
  Arbitrary<World> worlds() {
    return World.any();
  }

  private static int lane(Decision decision) {
    if (decision instanceof Decision.Place place) {
      return place.lane();
    }
    return decision instanceof Decision.Wait wait ? wait.lane() : -1;
  }

  @Property
  void never_a_dearer_device_while_a_cheaper_one_meets_the_deadline(@ForAll("worlds") World world) {
    int chosen = lane(policy.choose(world.request(), world.snapshot(), START));
    for (int i = 0; i < world.members().size(); i++) {
      if (chosen >= 0 && world.usable(i) && world.inTime(i, 1e-9)) {
        assertThat(world.cost(chosen)).isLessThanOrEqualTo(world.cost(i));
      }
    }
  }

  @Property
  void never_one_that_is_late_while_another_is_in_time(@ForAll("worlds") World world) {
    int chosen = lane(policy.choose(world.request(), world.snapshot(), START));
    boolean possible = false;
    for (int i = 0; i < world.members().size(); i++) {
      possible |= world.usable(i) && world.inTime(i, 1e-9);
    }
    if (possible) {
      assertThat(world.inTime(chosen, -1e-9)).isTrue();
    }
  }

  @Property
  void never_an_excluded_device_type(@ForAll("worlds") World world) {
    int chosen = lane(policy.choose(world.request(), world.snapshot(), START));
    boolean anyUsable = false;
    for (int i = 0; i < world.members().size(); i++) {
      anyUsable |= world.usable(i);
    }
    assertThat(chosen >= 0).isEqualTo(anyUsable);
    assertThat(chosen < 0 || world.usable(chosen)).isTrue();
  }

  @Property
  void equal_snapshots_give_equal_decisions(@ForAll("worlds") World world) {
    assertThat(world.snapshot()).isEqualTo(world.snapshot());
    Decision decision = policy.choose(world.request(), world.snapshot(), START);
    for (int again = 0; again < 5; again++) {
      assertThat(policy.choose(world.request(), world.snapshot(), START)).isEqualTo(decision);
    }
  }

  @Property
  void window_is_never_passed_by_more_than_one_request(@ForAll("worlds") World world) {
    Snapshot snapshot = world.snapshot();
    // Counted here as well: what the snapshot believes is what is in doubt.
    double[] inLane = world.members().stream().mapToDouble(World.Member::sentSeconds).toArray();
    for (int n = 0; n < 200; n++) {
      Decision decision = policy.choose(world.request(), snapshot, START);
      if (decision instanceof Decision.Place place) {
        Lane lane = place.target();
        double window = lane.windowSeconds() * lane.workers();
        assertThat(inLane[place.lane()]).isLessThan(window);
        inLane[place.lane()] += place.seconds();
        snapshot = snapshot.withSent(place.lane(), place.seconds());
        assertThat(inLane[place.lane()]).isLessThan(window + place.seconds() + 1e-9);
      } else if (decision instanceof Decision.Wait wait) {
        snapshot = snapshot.withPlanned(wait.lane(), wait.seconds());
      }
    }
  }
}
