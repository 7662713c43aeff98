package dev.headrace.router.loop;

import static dev.headrace.policy.testing.Heartbeats.heartbeat;
import static dev.headrace.policy.testing.RequestBuilder.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.policy.testing.RequestBuilder;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.event.RequestCodec;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.protocol.naming.Topics;
import dev.headrace.transport.kafka.Received;
import dev.headrace.transport.kafka.Slot;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * Retries of several tiers in the router's loop: one lane, 1 s a request, a window of 2 s; of each
 * tier at most {@link LoopRig#BOUND} retries wait in the router.
 */
class RetryRoomTest {
  private static final String SHORTEST = Topics.retry(Topics.RETRY_DELAYS.get(0));
  private static final int FLOOD = 8 * LoopRig.BOUND;

  private final LoopRig rig = new LoopRig();

  private void retry(RequestBuilder builder) {
    rig.publish(SHORTEST, RequestCodec.encode(builder.at(rig.clock.instant()).build()));
  }

  private void economy(int count) {
    for (int i = 0; i < count; i++) {
      retry(request("e" + i).tier(Tier.ECONOMY).within(Duration.ofHours(2)));
    }
  }

  /** As many seconds, with the lane full and nothing done; retries come back as in Kafka. */
  private void fullLane(int seconds) {
    rig.lag.put("slow", 100L);
    for (int i = 0; i < seconds * 5; i++) {
      rig.run(Duration.ofMillis(200));
      rig.moveRetries();
    }
  }

  /** The lane does one request a second. */
  private void serve(int seconds) {
    rig.lag.remove("slow");
    for (int i = 0; i < seconds; i++) {
      rig.run(Duration.ofSeconds(1), Duration.ofMillis(50));
      rig.moveRetries();
      rig.done.merge("slow", rig.work("slow").size() > done() ? 1 : 0, Integer::sum);
    }
  }

  private int done() {
    return rig.done.getOrDefault("slow", 0);
  }

  private void start() {
    rig.beat(heartbeat("w1", "slow").price(1).curve(1, 100));
    rig.lag.put("slow", 100L);
    rig.run(Duration.ofSeconds(1));
  }

  private int appendedRetries() {
    return Topics.RETRY_DELAYS.stream()
        .mapToInt(d -> rig.producer.records(Topics.retry(d)).size())
        .sum();
  }

  @Test
  void few_without_room_ask_again_soon_and_many_as_late_as_their_deadlines_allow() {
    RetryRoom room = new RetryRoom(100, 1 << 20, 0);
    Duration hours = Duration.ofHours(2);
    // A fifth of 100 in a second: 4 in 200 ms, 20 in 1 s, 100 in 5 s.
    assertThat(delays(room, hours, 0, 200))
        .containsExactlyInAnyOrderEntriesOf(Map.of(200L, 4, 1000L, 20, 5000L, 100, 30_000L, 76));
    assertThat(delays(room, Duration.ofSeconds(3), 0, 50)).isEqualTo(Map.of(1000L, 50));
    assertThat(delays(room, Duration.ofSeconds(3), 200_000_000, 5))
        .containsExactlyInAnyOrderEntriesOf(Map.of(200L, 4, 1000L, 1));
    assertThat(room.back(Duration.ofMillis(399), 0)).isNull();
  }

  private static Map<Long, Integer> delays(RetryRoom room, Duration left, long now, int count) {
    Map<Long, Integer> delays = new HashMap<>();
    for (int i = 0; i < count; i++) {
      Duration delay = room.back(left, now);
      delays.merge(delay == null ? 0 : delay.toMillis(), 1, Integer::sum);
    }
    return delays;
  }

  @Test
  void half_of_the_room_is_for_those_with_less_than_a_minute() {
    RetryRoom room = new RetryRoom(10, 1 << 20, 0);
    Received any =
        new Received(new Slot(SHORTEST, 0), 0, 0, 1, new WireRecord(null, List.of(), null));
    for (int i = 0; i < 5; i++) {
      assertThat(room.has(Duration.ofHours(1))).isTrue();
      room.load().add(any, 1);
    }
    assertThat(room.has(Duration.ofSeconds(60))).isFalse();
    for (int i = 0; i < 5; i++) {
      assertThat(room.has(Duration.ofSeconds(59))).isTrue();
      room.load().add(any, 1);
    }
    assertThat(room.has(Duration.ofSeconds(59))).isFalse();
    room.load().add(any, -1);
    assertThat(room.has(Duration.ofSeconds(59))).isTrue();
  }

  @Test
  void premium_retry_waits_behind_no_more_economy_retries_than_the_window() {
    start();
    economy(FLOOD);
    fullLane(5);
    assertThat(rig.workIds("slow")).isEmpty();
    retry(request("p").tier(Tier.PREMIUM).within(Duration.ofMinutes(5)));
    fullLane(2);
    serve(4);
    // The window, the request that fills it, and one more that the shares may give economy first.
    assertThat(rig.workIds("slow").indexOf("p")).isBetween(0, 3);
  }

  @Test
  void economy_retries_leave_room_for_as_many_standard_ones() {
    start();
    economy(FLOOD);
    fullLane(3);
    int waiting = rig.loop.inFlight();
    for (int i = 0; i < LoopRig.BOUND / 2; i++) {
      retry(request("s" + i).tier(Tier.STANDARD).within(Duration.ofHours(2)));
    }
    fullLane(3);
    assertThat(rig.loop.inFlight()).isGreaterThanOrEqualTo(waiting + LoopRig.BOUND / 2);
    assertThat(rig.loop.inFlight()).isLessThanOrEqualTo(2 * LoopRig.BOUND);
  }

  @Test
  void retry_with_little_time_finds_room_where_those_with_much_have_none() {
    start();
    economy(FLOOD);
    fullLane(5);
    retry(request("urgent").tier(Tier.ECONOMY).within(Duration.ofSeconds(20)));
    fullLane(2);
    serve(4);
    assertThat(rig.workIds("slow")).startsWith("urgent");
  }

  @Test
  void retries_beyond_their_room_go_round_slowly_and_without_an_attempt() {
    start();
    economy(FLOOD);
    fullLane(10);
    int before = appendedRetries();
    fullLane(60);
    assertThat(before).isPositive();
    // Each twice a minute, and a few of them more often; each fifth of a second it would be 300.
    assertThat(appendedRetries() - before).isLessThan(8 * FLOOD);
    for (Duration delay : Topics.RETRY_DELAYS) {
      rig.producer
          .records(Topics.retry(delay))
          .forEach(r -> assertThat(r.text("ce_attempt")).isIn(null, "1"));
    }
  }

  @Test
  void all_retries_beyond_the_room_are_done_once_and_none_is_lost() {
    start();
    economy(3 * LoopRig.BOUND);
    fullLane(40);
    serve(3 * LoopRig.BOUND + 40);
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 3 * LoopRig.BOUND; i++) {
      expected.add("e" + i);
    }
    assertThat(rig.workIds("slow")).containsExactlyInAnyOrderElementsOf(expected);
    assertThat(rig.work("slow").stream().map(InferenceRequest::attempts))
        .allMatch(attempts -> attempts.number() == 1);
    assertThat(rig.consumer.unacknowledged()).isZero();
  }

  /** Else all that was read behind it would come once more after a crash. */
  @Test
  void waiting_retry_does_not_keep_the_others_from_being_committed() {
    start();
    economy(FLOOD);
    fullLane(3);
    Slot slot = new Slot(SHORTEST, 0);
    long first = rig.topics.committed(slot);
    fullLane(60);
    assertThat(first).isLessThan(LoopRig.BOUND);
    assertThat(rig.topics.committed(slot)).isGreaterThanOrEqualTo(FLOOD);
  }
}
