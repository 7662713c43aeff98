package dev.headrace.worker.batch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.Tier;
import dev.headrace.protocol.service.ServiceCurve;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class BatcherPropertiesTest {
  private static final long MILLI = TimeUnit.MILLISECONDS.toNanos(1);

  /** Every row runs exactly once, every batch keeps the limits, suspects are alone. */
  @Property(tries = 100)
  void every_row_is_in_exactly_one_batch_and_every_batch_keeps_the_limits(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 40) int maxRows,
      @ForAll @IntRange(min = 1, max = 5000) int maxTokens,
      @ForAll @IntRange(min = 0, max = 5) int fixedMillis) {
    Random random = new Random(seed);
    ServiceCurve curve = new ServiceCurve(fixedMillis * 1e-3, 1e-4, 1e-7, 0, 10);
    BatchConfig config =
        new BatchConfig(
            maxRows,
            maxTokens,
            Duration.ofMillis(100),
            Duration.ofMillis(100),
            Duration.ofMillis(20));
    Batcher batcher = new Batcher(config, new BatcherTest.FixedOutlook(curve));
    Map<Long, Waiting> requests = new HashMap<>();
    Set<String> expected = new HashSet<>();
    Set<String> seen = new HashSet<>();
    long now = 0;
    for (long owner = 0; owner < 60; owner++) {
      Waiting request = request(random, owner, now);
      requests.put(owner, request);
      batcher.add(request);
      for (int i = 0; i < request.lengths().length; i++) {
        expected.add(owner + "/" + i);
      }
      now += random.nextInt(10) * MILLI;
      if (random.nextInt(4) == 0) {
        Batch batch = batcher.next(new Moment(now, random.nextInt(3), random.nextInt(100) * 1e-3));
        check(batch, requests, config, curve, seen);
      }
    }
    int idleTurns = 0;
    while (batcher.requests() > 0) {
      Batch batch = batcher.next(new Moment(now, 0, 0));
      assertThat(batch).as("an idle device is never kept waiting, seed %d", seed).isNotNull();
      check(batch, requests, config, curve, seen);
      assertThat(++idleTurns).isLessThan(10_000);
    }
    assertThat(seen).isEqualTo(expected);
    assertThat(batcher.rows()).isZero();
    assertThat(batcher.queuedSeconds()).isCloseTo(0, org.assertj.core.data.Offset.offset(1e-9));
  }

  private static Waiting request(Random random, long owner, long now) {
    int[] lengths =
        random.ints(1 + (random.nextInt(10) == 0 ? random.nextInt(50) : 0), 1, 400).toArray();
    long deadline = now + 1 + random.nextInt(60_000) * MILLI;
    Tier tier = Tier.values()[random.nextInt(3)];
    return new Waiting(
        owner,
        "model-" + random.nextInt(2),
        lengths,
        Urgency.of(tier, now, deadline),
        deadline,
        random.nextInt(15) == 0);
  }

  private static void check(
      Batch batch,
      Map<Long, Waiting> requests,
      BatchConfig config,
      ServiceCurve curve,
      Set<String> seen) {
    if (batch == null) {
      return;
    }
    List<Integer> lengths = new ArrayList<>();
    for (RowRef row : batch.rows()) {
      Waiting owner = requests.get(row.owner());
      assertThat(seen.add(row.owner() + "/" + row.row())).as("row %s ran once", row).isTrue();
      assertThat(row.length()).isEqualTo(owner.lengths()[row.row()]);
      assertThat(owner.model()).isEqualTo(batch.model());
      assertThat(owner.alone()).isEqualTo(batch.alone());
      lengths.add(row.length());
    }
    assertThat(lengths).isSorted();
    if (batch.alone()) {
      assertThat(batch.rows()).extracting(RowRef::owner).containsOnly(batch.rows().get(0).owner());
    }
    if (batch.rows().size() > 1) {
      assertThat(batch.rows().size()).isLessThanOrEqualTo(config.maxRows());
      assertThat(batch.paddedTokens()).isLessThanOrEqualTo(config.maxTokens());
      assertThat(curve.batchSeconds(batch.rows().size(), batch.paddedLength()))
          .isLessThanOrEqualTo(0.1);
    }
  }

  /** However many premium requests keep coming, an economy request gets its turn. */
  @Property(tries = 50)
  void no_row_waits_for_ever(@ForAll long seed) {
    Random random = new Random(seed);
    BatchConfig config =
        new BatchConfig(4, 10_000, Duration.ofSeconds(1), Duration.ofSeconds(1), Duration.ZERO);
    Batcher batcher =
        new Batcher(config, new BatcherTest.FixedOutlook(new ServiceCurve(1e-3, 1e-5, 0, 0, 9)));
    long hour = TimeUnit.HOURS.toNanos(1);
    batcher.add(
        new Waiting(0, "m", new int[] {350}, Urgency.of(Tier.ECONOMY, 0, hour), hour, false));
    long now = 0;
    for (long owner = 1; ; owner++) {
      // More arrive than the device can do: every step four run and five come.
      for (int i = 0; i < 5; i++) {
        long deadline = now + TimeUnit.SECONDS.toNanos(5);
        int[] length = {1 + random.nextInt(50)};
        batcher.add(
            new Waiting(
                owner * 5 + i, "m", length, Urgency.of(Tier.PREMIUM, now, deadline), hour, false));
      }
      Batch batch = batcher.next(new Moment(now, 0, 0));
      if (batch.rows().stream().anyMatch(r -> r.owner() == 0)) {
        break;
      }
      now += 100 * MILLI;
      // Patience is 30 s; 300 steps of arrivals within it may go first, five at a time.
      assertThat(owner).as("steps, seed %d", seed).isLessThan(500);
    }
  }

  @Property
  void a_tighter_deadline_or_a_dearer_tier_is_never_less_urgent(
      @ForAll @IntRange(min = 0, max = 100_000) int slackMillis,
      @ForAll @IntRange(min = 0, max = 100_000) int moreMillis) {
    long deadline = slackMillis * MILLI;
    for (Tier tier : Tier.values()) {
      assertThat(Urgency.of(tier, 0, deadline))
          .isBetween(0L, Math.min(deadline, Urgency.MAX_PATIENCE_NANOS))
          .isLessThanOrEqualTo(Urgency.of(tier, 0, deadline + moreMillis * MILLI));
    }
    assertThat(Urgency.of(Tier.PREMIUM, 0, deadline))
        .isLessThanOrEqualTo(Urgency.of(Tier.STANDARD, 0, deadline));
    assertThat(Urgency.of(Tier.STANDARD, 0, deadline))
        .isLessThanOrEqualTo(Urgency.of(Tier.ECONOMY, 0, deadline));
  }
}
