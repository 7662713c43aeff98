package dev.headrace.router.buffer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.headrace.protocol.Tier;
import dev.headrace.router.buffer.TierBuffer.Verdict;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The order of tenants inside a tier. */
class TenantOrderTest {
  private static final Instant START = Instant.ofEpochSecond(1_000_000);

  private final Map<String, Double> weights = new HashMap<>();
  private final TierBuffer<String> buffer =
      new TierBuffer<>(
          new TierShares(Map.of(Tier.ECONOMY, 1.0, Tier.STANDARD, 3.0, Tier.PREMIUM, 6.0)),
          tenant -> weights.getOrDefault(tenant, 1.0));

  private void add(String tenant, int deadline) {
    buffer.add(Tier.STANDARD, tenant, START.plusSeconds(deadline), tenant);
  }

  private void add(String tenant, int deadline, int count) {
    for (int i = 0; i < count; i++) {
      add(tenant, deadline + i);
    }
  }

  /** Takes this many, each at this cost. */
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

  private static long count(List<String> taken, String tenant) {
    return taken.stream().filter(tenant::equals).count();
  }

  @Test
  void tenant_with_few_requests_does_not_wait_for_one_with_many() {
    add("flood", 0, 10_000);
    take(500, 1);
    add("small", 50_000, 5); // later deadlines than anything of the flood
    assertThat(count(take(10, 1), "small")).isBetween(4L, 5L);
  }

  @Test
  void weights_divide_device_time() {
    weights.put("gold", 3.0);
    add("gold", 0, 1000);
    add("tin", 0, 1000);
    List<String> taken = take(400, 1);
    assertThat(count(taken, "gold")).isBetween(299L, 301L);
  }

  @Test
  void one_tenant_alone_is_served_by_deadline() {
    buffer.add(Tier.STANDARD, "a", START.plusSeconds(3), "third");
    buffer.add(Tier.STANDARD, "a", START.plusSeconds(1), "first");
    buffer.add(Tier.STANDARD, "a", START.plusSeconds(2), "second");
    assertThat(take(3, 1)).containsExactly("first", "second", "third");
  }

  @Test
  void tenants_of_one_tier_take_nothing_from_another() {
    add("a", 0, 100);
    add("b", 0, 100);
    for (int i = 0; i < 100; i++) {
      buffer.add(Tier.PREMIUM, "a", START, "premium");
    }
    assertThat(count(take(90, 1), "premium")).isBetween(59L, 61L);
  }

  @Test
  void shut_tenant_stays_and_hides_nobody() {
    add("over", 0, 50);
    add("well", 0, 3);
    List<String> seen = new ArrayList<>();
    int taken =
        buffer.scan(
            10,
            item -> {
              seen.add(item);
              return item.equals("over") ? Verdict.shut() : Verdict.take(1);
            });
    assertThat(taken).isEqualTo(3);
    assertThat(count(seen, "over")).isEqualTo(1);
    assertThat(buffer.size("over")).isEqualTo(50);
    assertThat(take(1, 1)).containsExactly("over"); // open again in the next scan
  }

  @Test
  void tenant_that_comes_and_goes_gets_no_more_than_its_part() {
    add("steady", 0, 10_000);
    Map<String, Double> seconds = new HashMap<>();
    for (int round = 0; round < 2000; round++) {
      if (buffer.size("dear") == 0) {
        add("dear", round); // one at a time, each ten times as long
      }
      buffer.scan(
          1,
          item -> {
            if (seconds.getOrDefault("turn", 0.0) > 0) {
              seconds.remove("turn");
              return Verdict.leave(1);
            }
            double cost = item.equals("dear") ? 10 : 1;
            seconds.merge(item, cost, Double::sum);
            seconds.put("turn", 1.0);
            return Verdict.take(cost);
          });
      seconds.remove("turn");
    }
    assertThat(seconds.get("dear")).isCloseTo(seconds.get("steady"), within(25.0));
  }

  @Test
  void no_tenant_starves_whatever_the_others_send() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    int tenants = 8;
    Map<String, Double> waitedFor = new HashMap<>();
    for (int t = 0; t < tenants; t++) {
      weights.put("t" + t, 0.5 + random.nextInt(4));
    }
    double sum = 0;
    for (double weight : weights.values()) {
      sum += weight;
    }
    for (int step = 0; step < 20_000; step++) {
      String sender = "t" + (random.nextInt(3) == 0 ? random.nextInt(tenants) : 0); // t0 floods
      add(sender, random.nextInt(1000));
      double cost = 0.01 + random.nextDouble();
      for (String name : take(random.nextInt(2), cost)) {
        for (int t = 0; t < tenants; t++) {
          String other = "t" + t;
          if (other.equals(name) || buffer.size(other) == 0) {
            waitedFor.put(other, 0.0);
          } else {
            double waited = waitedFor.merge(other, cost, Double::sum);
            // Its own last cost, at most 1.01, times the others' weight over its own; each of the
            // others may pass by one request more.
            double bound = 1.01 * sum / weights.get(other) + 1.01 * tenants;
            assertThat(waited).as("seed %d tenant %s", seed, other).isLessThan(bound);
          }
        }
      }
    }
  }

  @Test
  void tenants_without_requests_are_forgotten() {
    for (int i = 0; i < 1000; i++) {
      add("t" + i, 0);
    }
    take(1000, 1);
    assertThat(buffer.size()).isZero();
    add("late", 0);
    add("later", 0);
    assertThat(take(2, 1)).containsExactlyInAnyOrder("late", "later");
  }
}
