package dev.headrace.transport.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.config.Settings;
import dev.headrace.protocol.event.DeadLetter;
import dev.headrace.protocol.event.OutcomeCodec;
import dev.headrace.protocol.event.RequestCodec;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.protocol.naming.RedisKeys;
import dev.headrace.protocol.naming.Topics;
import dev.headrace.transport.redis.OutcomeStore;
import dev.headrace.transport.redis.OutcomeStore.Delivered;
import dev.headrace.transport.testing.FakeProducer;
import dev.headrace.transport.testing.ForwardingOutcomeStore;
import dev.headrace.transport.testing.InMemoryOutcomeStore;
import dev.headrace.transport.testing.InMemoryResultCache;
import dev.headrace.transport.testing.Samples;
import dev.headrace.transport.testing.TwoStores;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class DeliveryTest {
  private static final Failure TOO_LARGE = new Failure(ErrorCode.INPUT_TOO_LARGE, "too large");
  private static final Failure NO_TOPIC = new Failure(ErrorCode.INTERNAL_ERROR, "no such topic");

  private final AtomicLong nanos = new AtomicLong();
  private final InMemoryOutcomeStore store = new InMemoryOutcomeStore();
  private final InMemoryResultCache cache = new InMemoryResultCache(nanos::get);
  private final FakeProducer producer = new FakeProducer();
  private final List<String> done = new ArrayList<>();
  private final Delivery delivery = delivery(store, Map.of());

  private Delivery delivery(OutcomeStore to, Map<String, String> settings) {
    Map<String, String> all = new HashMap<>(Map.of("outcomes.linger", "0s"));
    all.putAll(settings);
    DeliveryConfig config = DeliveryConfig.read(Settings.of(all));
    return new Delivery(new TwoStores(to, cache), producer, config, nanos::get, () -> Samples.NOW);
  }

  private void run(Delivery d) {
    for (int i = 0; i < 20; i++) {
      d.runOnce();
      nanos.addAndGet(Duration.ofSeconds(1).toNanos());
    }
  }

  private Runnable done(String what) {
    return () -> done.add(what);
  }

  private List<Outcome> published(String topic) {
    return producer.records(topic).stream().map(OutcomeCodec::decode).toList();
  }

  private static Outcome replyingTo(String topic, String text) {
    Outcome o = Samples.outcome("c", "r", text);
    Address address = new Address("c", "r", true, topic);
    return new Outcome(
        address, o.status(), null, o.time(), o.source(), o.details(), o.body(), o.trace());
  }

  @Test
  void outcomes_are_collected_before_they_are_published_but_not_those_with_a_reply_topic() {
    Delivery collecting = delivery(store, Map.of("outcomes.linger", "10ms"));
    collecting.outcome(replyingTo("replies", "x"), done("replied"));
    collecting.outcome(Samples.outcome("c", "r2", "x"), done("first"));
    collecting.runOnce();
    nanos.addAndGet(Duration.ofMillis(9).toNanos());
    collecting.outcome(Samples.outcome("c", "r3", "x"), done("second"));
    collecting.runOnce();
    assertThat(published("replies")).hasSize(1);
    assertThat(published(Topics.OUTCOMES)).isEmpty();
    assertThat(done).containsExactly("replied");
    assertThat(collecting.pending()).isEqualTo(2);

    nanos.addAndGet(Duration.ofMillis(1).toNanos());
    collecting.runOnce();
    collecting.runOnce();
    assertThat(published(Topics.OUTCOMES)).hasSize(2);
    assertThat(done).containsExactly("replied", "first", "second");

    for (int i = 0; i < 64; i++) {
      collecting.outcome(Samples.outcome("c", "many" + i, "x"), done("many"));
    }
    collecting.runOnce();
    assertThat(published(Topics.OUTCOMES)).hasSize(66);
  }

  @Test
  void outcome_is_stored_then_published_then_done() {
    Outcome outcome = Samples.outcome("c", "r", "x");
    producer.hold();
    delivery.outcome(outcome, done("r"));
    delivery.runOnce();
    assertThat(store.outcomes()).containsExactly(outcome);
    assertThat(producer.waiting()).isEqualTo(1);
    assertThat(delivery.pending()).isEqualTo(1);

    producer.release();
    delivery.runOnce();
    assertThat(published(Topics.OUTCOMES)).containsExactly(outcome);
    assertThat(done).containsExactly("r");
    assertThat(delivery.pending()).isZero();
  }

  @Test
  void answer_to_a_parked_request_is_published_and_marked() {
    Outcome outcome = Samples.outcome("c", "r", "x");
    delivery.answer(outcome);
    run(delivery);
    assertThat(published(Topics.OUTCOMES)).containsExactly(outcome);
    assertThat(store.published("c", "r")).isTrue();

    delivery.standing(store.find(List.of(outcome.address())).get(0).orElseThrow(), done("r"));
    run(delivery);
    assertThat(done).containsExactly("r");
    assertThat(published(Topics.OUTCOMES)).containsExactly(outcome);
    assertThat(delivery.pending()).isZero();
  }

  @Test
  void answer_that_comes_second_is_left_to_whoever_was_first() {
    store.deliver(List.of(Samples.outcome("c", "r", "first")));
    delivery.answer(Samples.outcome("c", "r", "second"));
    run(delivery);

    assertThat(producer.sends()).isZero();
    assertThat(store.published("c", "r")).isFalse();
    assertThat(delivery.pending()).isZero();
  }

  @Test
  void without_publishing_redis_is_enough() {
    Delivery quiet = delivery(store, Map.of("outcomes.publish", "false"));
    quiet.outcome(Samples.outcome("c", "r", "x"), done("r"));
    quiet.runOnce();

    assertThat(done).containsExactly("r");
    assertThat(producer.sends()).isZero();
  }

  @Test
  void second_outcome_is_dropped_and_the_first_published() {
    Outcome first = Samples.outcome("c", "r", "first");
    store.deliver(List.of(first));
    delivery.outcome(Samples.outcome("c", "r", "second"), done("r"));
    run(delivery);

    assertThat(published(Topics.OUTCOMES)).containsExactly(first);
    assertThat(done).containsExactly("r");
  }

  @Test
  void standing_outcome_is_published_unless_kafka_has_it() {
    Outcome outcome = Samples.outcome("c", "r", "x");
    store.deliver(List.of(outcome));
    delivery.standing(new Delivered(false, outcome, false), done("first"));
    run(delivery);
    store.markPublished(List.of(outcome.address()));
    delivery.standing(store.find(List.of(outcome.address())).get(0).orElseThrow(), done("again"));

    assertThat(done).containsExactly("first", "again");
    assertThat(published(Topics.OUTCOMES)).containsExactly(outcome);
  }

  @Test
  void dead_letter_comes_before_its_outcome() {
    producer.hold();
    WireRecord letter = RequestCodec.encode(Samples.request("c", "r"));
    delivery.appendThenOutcome(
        Topics.DEAD_LETTERS, letter, Samples.outcome("c", "r", "x"), done("r"));
    run(delivery);
    assertThat(store.outcomes()).isEmpty();

    producer.release();
    run(delivery);
    assertThat(producer.records(Topics.DEAD_LETTERS)).containsExactly(letter);
    assertThat(store.outcomes()).hasSize(1);
    assertThat(done).containsExactly("r");
  }

  @Test
  void large_body_stays_in_redis() {
    Delivery small = delivery(store, Map.of("outcomes.inline-bytes", "10B"));
    small.outcome(Samples.outcome("c", "r", "x".repeat(11)), done("r"));
    run(small);

    WireRecord record = producer.records(Topics.OUTCOMES).get(0);
    assertThat(record.value()).isEmpty();
    assertThat(OutcomeCodec.reference(record)).isEqualTo(RedisKeys.result("c", "r"));
  }

  @Test
  void outcome_that_kafka_finds_too_large_goes_by_reference() {
    producer.limit(10);
    delivery.outcome(Samples.outcome("c", "r", "x".repeat(11)), done("r"));
    run(delivery);

    assertThat(OutcomeCodec.reference(producer.records(Topics.OUTCOMES).get(0))).isNotNull();
    assertThat(done).containsExactly("r");
  }

  @Test
  void refused_reply_topic_falls_back_to_the_topic_of_all_outcomes() {
    producer.refuse("gone", NO_TOPIC);
    Outcome outcome = replyingTo("gone", "x");
    delivery.outcome(outcome, done("r"));
    run(delivery);

    assertThat(published(Topics.OUTCOMES)).containsExactly(outcome);
    assertThat(done).containsExactly("r");
  }

  @Test
  void reply_topic_gets_the_outcome_in_place_of_the_topic_of_all_outcomes() {
    delivery.outcome(replyingTo("mine", "x"), done("r"));
    run(delivery);

    assertThat(published("mine")).hasSize(1);
    assertThat(published(Topics.OUTCOMES)).isEmpty();
  }

  @Test
  void missing_topic_of_all_outcomes_is_waited_for() {
    producer.refuse(Topics.OUTCOMES, NO_TOPIC);
    delivery.outcome(Samples.outcome("c", "r", "x"), done("r"));
    run(delivery);
    assertThat(done).isEmpty();
    assertThat(producer.sends()).isLessThan(10);
    delivery.append("other", RequestCodec.encode(Samples.request("c", "s")), done("s"));
    delivery.runOnce();
    delivery.runOnce();
    assertThat(done).containsExactly("s");

    producer.refuse(Topics.OUTCOMES, null);
    run(delivery);
    assertThat(done).containsExactly("s", "r");
  }

  @Test
  void request_that_a_lane_refuses_ends_as_a_dead_letter_with_its_outcome() {
    producer.refuse(Topics.work("lane"), TOO_LARGE);
    WireRecord record = RequestCodec.encode(Samples.request("c", "r"));
    delivery.append(Topics.work("lane"), record, done("r"));
    run(delivery);

    WireRecord letter = producer.records(Topics.DEAD_LETTERS).get(0);
    assertThat(letter.text(DeadLetter.ERROR_CODE)).isEqualTo("input_too_large");
    assertThat(letter.text(DeadLetter.ORIGINAL_TOPIC)).isEqualTo(Topics.work("lane"));
    assertThat(letter.value()).isEqualTo(record.value());
    assertThat(store.outcomes()).hasSize(1);
    assertThat(store.outcomes().get(0).status()).isEqualTo(Status.FAILED);
    assertThat(store.outcomes().get(0).failure()).isEqualTo(TOO_LARGE);
    assertThat(published(Topics.OUTCOMES)).hasSize(1);
    assertThat(done).containsExactly("r");
  }

  @Test
  void giver_may_decide_about_a_refused_record_itself() {
    producer.refuse(Topics.work("lane"), NO_TOPIC);
    List<Failure> failures = new ArrayList<>();
    WireRecord record = RequestCodec.encode(Samples.request("c", "r"));
    delivery.append(Topics.work("lane"), record, done("r"), failures::add);
    run(delivery);

    assertThat(failures).containsExactly(NO_TOPIC);
    assertThat(done).isEmpty();
    assertThat(delivery.pending()).isZero();
    assertThat(producer.records()).isEmpty();
  }

  @Test
  void dead_letter_that_is_too_large_goes_without_its_value() {
    producer.limit(10);
    WireRecord letter = RequestCodec.encode(Samples.request("c", "r"));
    delivery.appendThenOutcome(
        Topics.DEAD_LETTERS, letter, Samples.outcome("c", "r", "x"), done("r"));
    run(delivery);

    WireRecord sent = producer.records(Topics.DEAD_LETTERS).get(0);
    assertThat(sent.value()).isNull();
    assertThat(sent.text(DeadLetter.OMITTED_BYTES))
        .isEqualTo(Integer.toString(letter.value().length));
    assertThat(done).containsExactly("r");
  }

  @Test
  void one_outcome_that_redis_refuses_does_not_hold_up_the_others() {
    RefusingStore refusing = new RefusingStore(store);
    Delivery d = delivery(refusing, Map.of());
    for (String id : List.of("a", "poison", "b")) {
      d.outcome(Samples.outcome("c", id, "x"), done(id));
    }
    run(d);

    assertThat(done).containsExactlyInAnyOrder("a", "poison", "b");
    assertThat(store.outcomes()).extracting(Outcome::id).containsExactly("a", "b");
    assertThat(published(Topics.OUTCOMES))
        .extracting(Outcome::id)
        .containsExactlyInAnyOrder("a", "poison", "b");
  }

  /**
   * Refuses one request's outcome, and with it the whole batch, as a key of the wrong type does.
   */
  private static final class RefusingStore extends ForwardingOutcomeStore {
    RefusingStore(OutcomeStore store) {
      super(store);
    }

    @Override
    public List<Delivered> deliver(List<Outcome> outcomes) {
      if (outcomes.stream().anyMatch(o -> o.id().equals("poison"))) {
        throw new FailureException(ErrorCode.INTERNAL_ERROR, "WRONGTYPE");
      }
      return super.deliver(outcomes);
    }
  }

  @Test
  void nothing_is_sent_in_the_pause_after_a_failure() {
    producer.fail();
    for (int i = 0; i < 5; i++) {
      delivery.append("t", RequestCodec.encode(Samples.request("c", "r" + i)), done("r" + i));
    }
    delivery.runOnce();
    int sends = producer.sends();
    for (int i = 0; i < 100; i++) {
      delivery.runOnce();
    }
    assertThat(producer.sends()).isEqualTo(sends);

    producer.failWith(null);
    run(delivery);
    assertThat(done).hasSize(5);
  }

  @Test
  void store_that_is_down_is_said_to_be_down() {
    store.outage().begin();
    delivery.outcome(Samples.outcome("c", "r", "x"), done("r"));
    run(delivery);
    assertThat(delivery.storeDown()).isTrue();
    assertThat(done).isEmpty();

    store.outage().end();
    run(delivery);
    assertThat(delivery.storeDown()).isFalse();
    assertThat(done).containsExactly("r");
  }
}
