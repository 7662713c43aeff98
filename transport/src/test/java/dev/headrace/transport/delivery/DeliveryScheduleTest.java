package dev.headrace.transport.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.config.Settings;
import dev.headrace.protocol.event.OutcomeCodec;
import dev.headrace.protocol.event.RequestCodec;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.protocol.naming.Topics;
import dev.headrace.transport.testing.FakeProducer;
import dev.headrace.transport.testing.InMemoryOutcomeStore;
import dev.headrace.transport.testing.InMemoryResultCache;
import dev.headrace.transport.testing.Samples;
import dev.headrace.transport.testing.TwoStores;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random schedules of giving, stepping, answering, failing and crashing. At every acknowledgement:
 * the outcome stands in Redis, Kafka has that very outcome, and what was to be appended is there.
 * At the end every request is acknowledged, and has one outcome.
 */
class DeliveryScheduleTest {
  private static final int REQUESTS = 30;
  private static final Failure DOWN = new Failure(ErrorCode.BROKER_UNAVAILABLE, "down");
  private static final Failure REFUSED = new Failure(ErrorCode.INTERNAL_ERROR, "refused");

  static Stream<Long> seeds() {
    return new Random(20261123).longs(400).boxed();
  }

  private enum Kind {
    OUTCOME,
    DEAD_LETTER,
    WORK,
    REFUSED_WORK
  }

  private record Given(int number, Kind kind, String replyTo) {
    String id() {
      return "r" + number;
    }
  }

  private Random random;
  private final AtomicLong nanos = new AtomicLong();
  private final InMemoryOutcomeStore store = new InMemoryOutcomeStore();
  private final FakeProducer producer = new FakeProducer().hold();
  private final Map<String, Given> open = new LinkedHashMap<>();
  private final Map<String, Integer> acknowledged = new HashMap<>();
  private Delivery delivery;
  private int life;
  private int versions;

  @ParameterizedTest
  @MethodSource("seeds")
  void acknowledged_means_stored_and_published(long seed) {
    random = new Random(seed);
    producer.refuse("gone", REFUSED);
    start();
    int given = 0;
    for (int step = 0; step < 600; step++) {
      switch (random.nextInt(12)) {
        case 0, 1 -> {
          if (given < REQUESTS) {
            give(newRequest(given++));
          }
        }
        case 2, 3, 4 -> delivery.runOnce();
        case 5, 6 -> producer.completeNext();
        case 7 -> producer.loseNextAnswer();
        case 8 -> nanos.addAndGet(random.nextInt(400_000_000));
        case 9 -> changeStore();
        case 10 -> producer.failWith(random.nextBoolean() ? DOWN : null);
        default -> {
          if (random.nextInt(10) == 0) {
            crash();
          }
        }
      }
    }
    heal();
    assertThat(open).isEmpty();
    assertThat(delivery.pending()).isZero();
    assertThat(acknowledged.keySet()).hasSize(given);
    published().values().forEach(all -> assertThat(all.stream().distinct()).hasSize(1));
  }

  private Given newRequest(int number) {
    Kind kind = Kind.values()[random.nextInt(Kind.values().length)];
    String replyTo = List.of("", "replies", "gone").get(random.nextInt(3));
    return new Given(number, kind, replyTo);
  }

  private void start() {
    life++;
    DeliveryConfig config = DeliveryConfig.read(Settings.defaults());
    delivery =
        new Delivery(
            new TwoStores(store, new InMemoryResultCache(nanos::get)),
            producer,
            config,
            nanos::get,
            () -> Samples.NOW);
  }

  /** The records that were not acknowledged come again; what a new attempt yields may differ. */
  private void crash() {
    start();
    List.copyOf(open.values()).forEach(this::give);
  }

  private void changeStore() {
    switch (random.nextInt(3)) {
      case 0 -> store.outage().begin();
      case 1 -> store.outage().loseAnswers();
      default -> store.outage().end();
    }
  }

  private void heal() {
    producer.failWith(null);
    producer.release();
    store.outage().end();
    for (int i = 0; i < 1000 && delivery.pending() > 0; i++) {
      delivery.runOnce();
      nanos.addAndGet(1_000_000_000);
    }
  }

  private void give(Given given) {
    open.put(given.id(), given);
    int thisLife = life;
    Runnable done = () -> acknowledge(given, thisLife);
    WireRecord record = RequestCodec.encode(Samples.request("c", given.id()));
    Outcome outcome = outcome(given);
    switch (given.kind()) {
      case OUTCOME -> delivery.outcome(outcome, done);
      case DEAD_LETTER -> delivery.appendThenOutcome(Topics.DEAD_LETTERS, record, outcome, done);
      case WORK -> delivery.append(Topics.work("lane"), record, done);
      case REFUSED_WORK -> delivery.append("gone", record, done);
    }
  }

  private Outcome outcome(Given given) {
    Outcome o = Samples.outcome("c", given.id(), "version " + versions++);
    String replyTo = given.replyTo().isEmpty() ? null : given.replyTo();
    Address address = new Address("c", given.id(), true, replyTo);
    return new Outcome(
        address, o.status(), null, o.time(), o.source(), o.details(), o.body(), o.trace());
  }

  private void acknowledge(Given given, int ofLife) {
    assertThat(ofLife).as("a dead process acknowledges nothing").isEqualTo(life);
    assertThat(open.remove(given.id())).as("acknowledged once").isNotNull();
    acknowledged.merge(given.id(), 1, Integer::sum);
    switch (given.kind()) {
      case OUTCOME -> assertDelivered(given);
      case WORK -> assertThat(appended(Topics.work("lane"), given)).isTrue();
      case DEAD_LETTER, REFUSED_WORK -> {
        assertThat(appended(Topics.DEAD_LETTERS, given)).isTrue();
        assertDelivered(given);
      }
    }
  }

  private void assertDelivered(Given given) {
    Outcome stored = store.outcome("c", given.id());
    assertThat(stored).isNotNull();
    assertThat(published().get(given.id())).contains(stored);
  }

  private boolean appended(String topic, Given given) {
    return producer.records(topic).stream()
        .anyMatch(r -> new String(r.key(), StandardCharsets.UTF_8).equals(given.id()));
  }

  private Map<String, List<Outcome>> published() {
    Map<String, List<Outcome>> byId = new HashMap<>();
    for (String topic : List.of(Topics.OUTCOMES, "replies")) {
      for (WireRecord record : producer.records(topic)) {
        Outcome outcome = OutcomeCodec.decode(record);
        byId.merge(
            outcome.id(),
            List.of(outcome),
            (a, b) -> Stream.concat(a.stream(), b.stream()).toList());
      }
    }
    return byId;
  }
}
