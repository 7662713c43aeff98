package dev.headrace.router.buffer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.headrace.protocol.Tier;
import dev.headrace.protocol.config.Settings;
import dev.headrace.router.buffer.TierBuffer.Verdict;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TierBufferTest {
  private static final Instant START = Instant.ofEpochSecond(1_000_000);

  private final TierBuffer<String> buffer = new TierBuffer<>(shares(1, 3, 6));

  private static TierShares shares(double economy, double standard, double premium) {
    return new TierShares(
        Map.of(Tier.ECONOMY, economy, Tier.STANDARD, standard, Tier.PREMIUM, premium));
  }

  private void add(Tier tier, int deadline, String item) {
    buffer.add(tier, "default", START.plusSeconds(deadline), item);
  }

  private void add(Tier tier, int count) {
    for (int i = 0; i < count; i++) {
      add(tier, i, tier.wireName());
    }
  }

  /** Takes so many, each at this cost. */
  private List<String> take(int count, double cost) {
    List<String> taken = new ArrayList<>();
    buffer.scan(
        1,
        item -> {
          if (taken.size() == count) {
            return Verdict.leave(cost);
          }
          taken.add(item);
          return Verdict.take(cost);
        });
    return taken;
  }

  @Test
  void earliest_deadline_is_first_and_equal_ones_keep_their_order() {
    add(Tier.STANDARD, 30, "c");
    add(Tier.STANDARD, 10, "a");
    add(Tier.STANDARD, 20, "b1");
    add(Tier.STANDARD, 20, "b2");
    assertThat(take(4, 1)).containsExactly("a", "b1", "b2", "c");
    assertThat(buffer.size()).isZero();
  }

  @Test
  void tiers_that_all_wait_are_served_in_proportion_to_their_shares() {
    for (Tier tier : Tier.values()) {
      add(tier, 1000);
    }
    List<String> taken = take(1000, 1);
    assertThat(taken.stream().filter("economy"::equals).count()).isBetween(99L, 101L);
    assertThat(taken.stream().filter("standard"::equals).count()).isBetween(299L, 301L);
    assertThat(taken.stream().filter("premium"::equals).count()).isBetween(599L, 601L);
  }

  @Test
  void shares_are_of_device_time_not_of_requests() {
    add(Tier.ECONOMY, 1000);
    add(Tier.STANDARD, 1000);
    Map<String, Double> seconds = new java.util.TreeMap<>();
    buffer.scan(
        1,
        item -> {
          double cost = item.equals("economy") ? 0.1 : 1;
          seconds.merge(item, cost, Double::sum);
          return seconds.getOrDefault("standard", 0.0) >= 300
              ? Verdict.leave(cost)
              : Verdict.take(cost);
        });
    assertThat(seconds.get("economy")).isCloseTo(seconds.get("standard") / 3, within(1.0));
  }

  @Test
  void unused_share_is_lent() {
    add(Tier.ECONOMY, 500);
    assertThat(take(500, 1)).hasSize(500);
  }

  @Test
  void tier_that_was_idle_has_saved_nothing_up() {
    add(Tier.ECONOMY, 1000);
    take(500, 1);
    add(Tier.PREMIUM, 1000);
    List<String> taken = take(70, 1);
    assertThat(taken.stream().filter("economy"::equals).count()).isBetween(9L, 11L);
  }

  @Test
  void tier_that_used_what_others_did_not_want_is_not_punished() {
    add(Tier.PREMIUM, 1000);
    take(1000, 1);
    add(Tier.ECONOMY, 1000);
    add(Tier.PREMIUM, 1000);
    List<String> taken = take(70, 1);
    assertThat(taken.stream().filter("premium"::equals).count()).isBetween(59L, 61L);
  }

  /** Economy waits for a lane that is full while premium fills another. */
  @Test
  void tier_that_takes_what_another_left_owes_it_nothing() {
    add(Tier.ECONOMY, 1000);
    add(Tier.PREMIUM, 1000);
    for (int scan = 0; scan < 20; scan++) {
      int[] room = {40};
      buffer.scan(
          50, item -> item.equals("premium") && room[0]-- > 0 ? Verdict.take(1) : Verdict.leave(1));
    }
    assertThat(buffer.size(Tier.PREMIUM)).isEqualTo(200);
    assertThat(buffer.size(Tier.ECONOMY)).isEqualTo(1000);
    List<String> next = take(70, 1);
    assertThat(next.stream().filter("premium"::equals).count()).isBetween(59L, 61L);
  }

  @Test
  void no_tier_starves_whatever_arrives() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    Map<Tier, Double> waitedFor = new EnumMap<>(Tier.class);
    for (int step = 0; step < 20_000; step++) {
      Tier tier = Tier.values()[random.nextInt(3)];
      if (buffer.size(tier) < 50) {
        add(tier, step, tier.wireName());
      }
      double cost = random.nextDouble();
      for (String name : take(random.nextInt(2), cost)) {
        for (Tier other : Tier.values()) {
          boolean served = other.wireName().equals(name);
          if (served || buffer.size(other) == 0) {
            waitedFor.put(other, 0.0);
          } else {
            waitedFor.merge(other, cost, Double::sum);
          }
        }
      }
      // Economy has a tenth: between two of its turns others get about ten times its last cost.
      assertThat(waitedFor.values()).as("seed %d", seed).allMatch(w -> w < 22);
    }
  }

  @Test
  void what_is_left_stays_and_those_behind_are_seen_as_if_it_had_been_served() {
    add(Tier.PREMIUM, 1, "p1");
    add(Tier.PREMIUM, 2, "p2");
    add(Tier.ECONOMY, 1, "e1");
    List<String> seen = new ArrayList<>();
    int taken =
        buffer.scan(
            10,
            item -> {
              seen.add(item);
              return item.equals("p2") ? Verdict.take(1) : Verdict.leave(1);
            });
    assertThat(seen).containsExactly("p1", "e1", "p2");
    assertThat(taken).isEqualTo(1);
    assertThat(buffer.size(Tier.PREMIUM)).isEqualTo(1);
    assertThat(take(10, 1)).containsExactlyInAnyOrder("p1", "e1");
  }

  @Test
  void scan_ends_after_as_many_as_were_left() {
    add(Tier.STANDARD, 100);
    int[] seen = {0};
    buffer.scan(
        7,
        item -> {
          seen[0]++;
          return Verdict.leave(1);
        });
    assertThat(seen[0]).isEqualTo(7);
    assertThat(buffer.size()).isEqualTo(100);
  }

  @Test
  void free_service_goes_round_too() {
    add(Tier.ECONOMY, 100);
    add(Tier.PREMIUM, 100);
    assertThat(take(14, 0)).contains("economy", "premium");
  }

  @Test
  void item_that_may_be_late_stays_and_hides_nobody() {
    add(Tier.ECONOMY, 1, "late");
    add(Tier.ECONOMY, 2, "over");
    add(Tier.ECONOMY, 50, "young");
    List<String> out = new ArrayList<>();
    buffer.takeExpired(START.plusSeconds(10), item -> !item.equals("late"), out::add);
    assertThat(out).containsExactly("over");
    assertThat(take(2, 1)).containsExactly("late", "young");
  }

  @Test
  void expired_and_matching_items_are_taken_out() {
    add(Tier.ECONOMY, 1, "old");
    add(Tier.PREMIUM, 5, "young");
    add(Tier.PREMIUM, 6, "other");
    List<String> out = new ArrayList<>();
    buffer.takeExpired(START.plusSeconds(1), item -> true, out::add);
    assertThat(out).containsExactly("old");
    buffer.takeIf("other"::equals, out::add);
    assertThat(out).containsExactly("old", "other");
    assertThat(take(2, 1)).containsExactly("young");
  }

  @Test
  void shares_are_positive_and_have_defaults() {
    assertThat(TierShares.read(Settings.defaults())).isEqualTo(shares(1, 3, 6));
    assertThatThrownBy(() -> shares(0, 1, 1)).hasMessage("share of economy: 0.0 (expected: > 0)");
  }
}
