package dev.headrace.router.loop;

import static dev.headrace.policy.testing.Heartbeats.heartbeat;
import static dev.headrace.policy.testing.RequestBuilder.request;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.policy.testing.RequestBuilder;
import dev.headrace.protocol.Address;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.Outcomes;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.event.DeadLetter;
import dev.headrace.protocol.event.RequestCodec;
import dev.headrace.protocol.event.WireHeader;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.protocol.naming.Topics;
import dev.headrace.protocol.service.WorkerState;
import dev.headrace.transport.kafka.Slot;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/**
 * One random life of a router: publish, poll, fail, revoke, crash; checked against the invariants
 * after each step, and in the end, when all is healed, for completeness.
 */
final class Schedule {
  private static final int STEPS = 400;
  private static final List<String> WORK = List.of(Topics.work("slow"), Topics.work("fast"));

  private final LoopRig rig = new LoopRig();
  private final Random random;

  /** Which request lies where. */
  private final Map<Slot, Map<Long, String>> published = new HashMap<>();

  /** Up to which offset it was seen that what is committed is safe. */
  private final Map<Slot, Long> checked = new HashMap<>();

  private final Set<Slot> away = new HashSet<>();
  private final Map<String, Integer> seenRetries = new HashMap<>();

  /** Which requests were appended to a topic, and up to which of its records that is known. */
  private final Map<String, Set<String>> appended = new HashMap<>();

  private final Map<String, Integer> seenAppended = new HashMap<>();
  private int requests;

  Schedule(long seed) {
    random = new Random(seed);
  }

  void run() {
    beat(WorkerState.READY);
    for (int step = 0; step < STEPS; step++) {
      act();
      assertCommittedIsSafe();
      assertInFlightIsBounded();
    }
    heal();
    assertEverythingHasGoneSomewhere();
  }

  private void beat(WorkerState state) {
    unlessAway(
        () ->
            rig.beat(
                heartbeat("w1", "slow").price(1).curve(0.2, 100).state(state),
                heartbeat("w2", "fast").price(100).curve(0.02, 100)));
  }

  /** What others do with the store fails while it is away. */
  private static void unlessAway(Runnable action) {
    try {
      action.run();
    } catch (FailureException e) {
      assertThat(e.failure().code()).isEqualTo(ErrorCode.STORE_UNAVAILABLE);
    }
  }

  private void act() {
    switch (random.nextInt(20)) {
      case 0, 1, 2 -> publish(1 + random.nextInt(30));
      case 3 -> {
        if (random.nextInt(8) == 0) {
          retries(LoopRig.BOUND + random.nextInt(50));
        } else {
          publish(1 + random.nextInt(30));
        }
      }
      case 4, 5, 6, 7, 8 -> rig.turns(1 + random.nextInt(3));
      case 9 -> rig.clock.advance(Duration.ofMillis(random.nextInt(3000)));
      case 10 -> rig.producer.hold();
      case 11 -> rig.producer.completeNext();
      case 12 -> rig.producer.loseNextAnswer();
      case 13 -> {
        if (random.nextBoolean()) {
          rig.producer.fail();
        }
        rig.producer.release();
      }
      case 14 -> rig.producer.failWith(null);
      case 15 -> outage();
      case 16 -> rebalance();
      case 17 -> moveRetries();
      case 18 -> beat(random.nextInt(4) == 0 ? WorkerState.LOADING : WorkerState.READY);
      default -> {
        if (random.nextInt(4) == 0) {
          rig.crash();
        } else {
          rig.done.put("slow", rig.producer.records(Topics.work("slow")).size());
        }
      }
    }
  }

  private void outage() {
    switch (random.nextInt(4)) {
      case 0 -> rig.outage.begin();
      case 1 -> rig.outage.loseAnswers();
      default -> rig.outage.end();
    }
  }

  private void rebalance() {
    Slot slot = new Slot(Topics.routerInput().get(random.nextInt(7)), 0);
    if (away.remove(slot)) {
      rig.consumer.assign(slot);
    } else {
      rig.consumer.revoke(slot);
      if (random.nextBoolean()) {
        rig.consumer.assign(slot);
      } else {
        away.add(slot);
      }
    }
  }

  private void publish(int count) {
    for (int i = 0; i < count; i++) {
      String id = "r" + requests++;
      Tier tier = Tier.values()[random.nextInt(3)];
      RequestBuilder request =
          request(id)
              .at(rig.clock.instant())
              .tier(tier)
              .within(Duration.ofMillis(random.nextInt(20_000)));
      if (random.nextBoolean()) {
        request.cached("text " + random.nextInt(10));
      }
      if (random.nextInt(20) == 0) {
        request.model("unknown");
      }
      if (random.nextInt(20) == 0) {
        request.task(Task.CLASSIFICATIONS);
      }
      if (random.nextInt(20) == 0) {
        request.excluding("slow");
      }
      if (random.nextInt(20) == 0) {
        cancel(request.build().address());
      }
      WireRecord record = RequestCodec.encode(request.build());
      if (random.nextInt(20) == 0) {
        record = record.with(List.of(WireHeader.of("ce_rows", "many")));
      }
      append(Topics.requests(tier), record, id);
      if (random.nextInt(30) == 0) {
        append(Topics.requests(tier), record, id); // a producer's duplicate
      }
    }
  }

  /** Many of one tier come back from a lane at once. */
  private void retries(int count) {
    Tier tier = Tier.values()[random.nextInt(3)];
    String topic = Topics.retry(Topics.RETRY_DELAYS.get(random.nextInt(3)));
    for (int i = 0; i < count; i++) {
      String id = "r" + requests++;
      Duration within = Duration.ofSeconds(1 + random.nextInt(random.nextBoolean() ? 20 : 200));
      InferenceRequest request =
          request(id).at(rig.clock.instant()).tier(tier).within(within).build();
      append(topic, RequestCodec.encode(request), id);
    }
  }

  private void cancel(Address address) {
    unlessAway(
        () ->
            rig.outcomes.deliver(
                List.of(Outcomes.cancelled(address, rig.clock.instant(), "/sdk"))));
  }

  private void append(String topic, WireRecord record, String id) {
    Slot slot = new Slot(topic, 0);
    long offset = rig.topics.append(slot, rig.clock.millis(), record);
    published.computeIfAbsent(slot, s -> new HashMap<>()).put(offset, id);
  }

  private void moveRetries() {
    for (Duration delay : Topics.RETRY_DELAYS) {
      String topic = Topics.retry(delay);
      List<WireRecord> appended = rig.producer.records(topic);
      for (int i = seenRetries.getOrDefault(topic, 0); i < appended.size(); i++) {
        append(topic, appended.get(i), appended.get(i).text("ce_id"));
      }
      seenRetries.put(topic, appended.size());
    }
  }

  /** Requests that are in one of these topics; of each only what came since is looked at. */
  private Set<String> in(List<String> topics) {
    Set<String> ids = new HashSet<>();
    for (String topic : topics) {
      Set<String> known = appended.computeIfAbsent(topic, t -> new HashSet<>());
      List<WireRecord> records = rig.producer.records(topic);
      int seen = seenAppended.getOrDefault(topic, 0);
      records.subList(seen, records.size()).forEach(r -> known.add(new String(r.key(), UTF_8)));
      seenAppended.put(topic, records.size());
      ids.addAll(known);
    }
    return ids;
  }

  /** What is safe once stays so: only what was committed since is looked at. */
  private void assertCommittedIsSafe() {
    Set<String> open = new HashSet<>();
    published.forEach(
        (slot, ids) -> {
          long until = rig.topics.committed(slot);
          for (long offset = checked.getOrDefault(slot, 0L); offset < until; offset++) {
            open.add(ids.get(offset));
          }
          checked.put(slot, until);
        });
    open.removeIf(id -> rig.outcome(id) != null);
    if (!open.isEmpty()) {
      List<String> topics = new ArrayList<>(WORK);
      Topics.RETRY_DELAYS.forEach(delay -> topics.add(Topics.retry(delay)));
      assertThat(in(topics)).containsAll(open);
    }
  }

  private void assertInFlightIsBounded() {
    // Three tiers and the retries that pass through, each by what one poll brings over its bound;
    // and each tier's retries that wait.
    assertThat(rig.loop.inFlight())
        .isLessThanOrEqualTo(4 * (LoopRig.BOUND + LoopRig.POLL) + 3 * LoopRig.BOUND);
  }

  private void heal() {
    rig.outage.end();
    rig.producer.failWith(null);
    rig.producer.release();
    away.forEach(rig.consumer::assign);
    beat(WorkerState.READY);
    for (int i = 0; i < 60 && !complete(); i++) {
      rig.done.put("slow", rig.producer.records(Topics.work("slow")).size());
      rig.done.put("fast", rig.producer.records(Topics.work("fast")).size());
      rig.run(Duration.ofSeconds(2), Duration.ofMillis(100));
      moveRetries();
    }
  }

  private boolean complete() {
    return rig.loop.inFlight() == 0 && rig.consumer.unacknowledged() == 0 && lost().isEmpty();
  }

  /** Requests that are in no work topic and have no outcome. */
  private Set<String> lost() {
    Set<String> lost = new HashSet<>();
    published.values().forEach(ids -> lost.addAll(ids.values()));
    lost.removeIf(id -> rig.outcome(id) != null);
    lost.removeAll(in(WORK));
    return lost;
  }

  private void assertEverythingHasGoneSomewhere() {
    assertThat(lost()).isEmpty();
    assertThat(rig.consumer.unacknowledged()).isZero();
    assertThat(rig.loop.inFlight()).isZero();
    assertThat(rig.consumer.paused()).isEmpty();
    assertThat(rig.loop.health().state()).isEqualTo(RouterHealth.State.UP);
    for (WireRecord letter : rig.deadLetters()) {
      assertThat(letter.text(DeadLetter.ERROR_CODE)).isNotNull();
    }
  }
}
