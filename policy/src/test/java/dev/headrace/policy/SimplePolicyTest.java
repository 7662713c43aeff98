package dev.headrace.policy;

import static dev.headrace.policy.testing.RequestBuilder.START;
import static dev.headrace.policy.testing.RequestBuilder.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.headrace.policy.Snapshot.Loads;
import dev.headrace.policy.testing.Fleets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** The policies to compare with, and the one for fleets that are paid for. */
class SimplePolicyTest {
  /** Cheap and slow (1 s a request), dear and fast (0.1 s). */
  private final Fleet fleet = new Fleets().lane("cheap", 1, 1, 1).lane("dear", 100, 1, 0.1).build();

  private static int lane(Decision decision) {
    return decision instanceof Decision.Place p
        ? p.lane()
        : decision instanceof Decision.Wait w ? w.lane() : -1;
  }

  private Map<String, Integer> spread(RoutingPolicy policy, int requests) {
    Map<String, Integer> counts = new HashMap<>();
    Snapshot snapshot = Snapshot.of(fleet, 0, 0);
    for (int i = 0; i < requests; i++) {
      int lane = lane(policy.choose(request("r" + i).build(), snapshot, START));
      counts.merge(fleet.lanes().get(lane).name(), 1, Integer::sum);
      snapshot = snapshot.withPlanned(lane, lane == 0 ? 1 : 0.1);
    }
    return counts;
  }

  private int choose(RoutingPolicy policy, double... sent) {
    return lane(
        policy.choose(
            request("a").within(Duration.ofSeconds(60)).build(), Snapshot.of(fleet, sent), START));
  }

  @Example
  void round_robin_takes_turns() {
    assertThat(spread(SimplePolicy.ROUND_ROBIN, 100)).isEqualTo(Map.of("cheap", 50, "dear", 50));
  }

  @Example
  void random_is_even_and_weighted_random_follows_speed() {
    assertThat(spread(SimplePolicy.RANDOM, 2000).get("cheap")).isBetween(900, 1100);
    // 1 to 10 requests a second.
    assertThat(spread(SimplePolicy.WEIGHTED_RANDOM, 2200).get("cheap")).isBetween(150, 250);
  }

  @Example
  void least_work_balances_seconds_and_shortest_queue_balances_requests() {
    Map<String, Integer> work = spread(SimplePolicy.LEAST_WORK, 110);
    assertThat(work.get("cheap")).isCloseTo(10, within(1));
    assertThat(spread(SimplePolicy.SHORTEST_QUEUE, 100)).isEqualTo(Map.of("cheap", 50, "dear", 50));
  }

  @Example
  void power_of_two_never_takes_the_busier_of_what_it_looked_at() {
    for (int i = 0; i < 50; i++) {
      Snapshot busy = Snapshot.of(fleet, 1.5, 0);
      Decision decision = SimplePolicy.POWER_OF_TWO.choose(request("r" + i).build(), busy, START);
      Snapshot idle = Snapshot.of(fleet, 0, 1.5);
      Decision other = SimplePolicy.POWER_OF_TWO.choose(request("r" + i).build(), idle, START);
      // Where it saw both lanes it changes its mind; where it saw one of them twice it cannot.
      assertThat(lane(decision) == 1 || lane(other) == 0).isTrue();
    }
  }

  @Example
  void cheapest_first_overflows_by_room_not_by_deadline() {
    assertThat(choose(SimplePolicy.CHEAPEST_FIRST, 1.9, 0)).isEqualTo(0);
    assertThat(choose(SimplePolicy.CHEAPEST_FIRST, 2, 0)).isEqualTo(1);
    assertThat(choose(SimplePolicy.CHEAPEST_FIRST, 2, 2)).isEqualTo(0);
  }

  @Example
  void earliest_finish_does_not_look_at_the_price_and_pack_takes_the_busiest() {
    assertThat(choose(SimplePolicy.EARLIEST_FINISH, 0, 0.5)).isEqualTo(1);
    assertThat(choose(SimplePolicy.PACK, 0.5, 1)).isEqualTo(1);
    assertThat(choose(SimplePolicy.PACK, 1.5, 1)).isEqualTo(0);
  }

  @Example
  void paid_fleet_uses_the_idle_fast_device_and_counts_contention_only() {
    RoutingPolicy policy = new LeastContended(0);
    // Both idle: nothing is contended, the fast one is done first, though it is dear.
    assertThat(choose(policy, 0, 0)).isEqualTo(1);
    // 0.5 s wait for the fast one (cost 0.05), nobody for the slow one (cost 0).
    assertThat(choose(policy, 0, 0.5)).isEqualTo(0);
    // 0.1 s × 1 s on the slow one is dearer than 0.5 s × 0.1 s on the fast one.
    assertThat(choose(policy, 0.1, 0.5)).isEqualTo(1);
    // Deadlines count first: the slow one would be too late.
    Decision decision =
        policy.choose(
            request("a").within(Duration.ofMillis(900)).build(), Snapshot.of(fleet, 0, 0.5), START);
    assertThat(lane(decision)).isEqualTo(1);
  }

  @Provide
  Arbitrary<World> worlds() {
    return World.any();
  }

  @Property(tries = 200)
  void every_policy_is_pure_and_respects_exclusion_and_window(@ForAll("worlds") World world) {
    for (PolicyConfig.Name name : PolicyConfig.Name.values()) {
      RoutingPolicy policy = new PolicyConfig(name, Duration.ZERO).policy();
      Decision decision = policy.choose(world.request(), world.snapshot(), START);
      assertThat(policy.choose(world.request(), world.snapshot(), START))
          .as(name.wireName())
          .isEqualTo(decision);
      int lane = lane(decision);
      boolean anyUsable = false;
      for (int i = 0; i < world.members().size(); i++) {
        anyUsable |= world.usable(i);
      }
      assertThat(lane >= 0).as(name.wireName()).isEqualTo(anyUsable);
      if (lane >= 0) {
        assertThat(world.usable(lane)).as(name.wireName()).isTrue();
        assertThat(decision instanceof Decision.Place)
            .as(name.wireName())
            .isEqualTo(world.snapshot().hasRoom(lane));
      }
    }
  }

  @Example
  void simple_policies_have_names_in_the_settings() {
    for (SimplePolicy policy : SimplePolicy.values()) {
      assertThat(new PolicyConfig(PolicyConfig.Name.valueOf(policy.name()), Duration.ZERO).policy())
          .isSameAs(policy);
    }
  }

  @Example
  void requests_in_a_lane_come_from_the_snapshot() {
    Snapshot snapshot =
        Snapshot.of(fleet, new Loads(new double[2], new double[2], new double[] {1, 5}, 1, 0));
    assertThat(lane(SimplePolicy.SHORTEST_QUEUE.choose(request("a").build(), snapshot, START)))
        .isEqualTo(0);
  }
}
