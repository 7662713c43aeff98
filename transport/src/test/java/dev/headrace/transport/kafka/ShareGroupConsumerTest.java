package dev.headrace.transport.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.transport.kafka.FakeShareConsumer.State;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is said to the broker of which record, and when. */
class ShareGroupConsumerTest {
  private static final String TOPIC = "headrace.work.lane";
  private static final long MILLI = 1_000_000L;

  private long now = 1;
  private final FakeShareConsumer kafka = new FakeShareConsumer(TOPIC, 4, () -> now);
  private final List<Slot> revoked = new ArrayList<>();
  private final ShareGroupConsumer consumer = consumer(kafka);

  private ShareGroupConsumer consumer(FakeShareConsumer... clients) {
    List<ShareHand> hands = new ArrayList<>();
    for (FakeShareConsumer client : clients) {
      hands.add(new ShareHand(client, TOPIC, Duration.ofSeconds(30), () -> now));
    }
    return new ShareGroupConsumer(
        hands,
        TOPIC,
        new EventConsumer.Listener() {
          @Override
          public void assigned(Collection<Slot> slots) {}

          @Override
          public void revoked(Collection<Slot> slots) {
            revoked.addAll(slots);
          }
        },
        () -> now);
  }

  private List<Received> poll() {
    now += 6 * MILLI;
    return consumer.poll(Duration.ZERO);
  }

  private List<Received> take(int count) {
    List<Received> received = new ArrayList<>();
    for (int i = 0; i < 10 && received.size() < count; i++) {
      received.addAll(poll());
    }
    assertThat(received).hasSize(count);
    return received;
  }

  private void pass(int millis) {
    now += millis * MILLI;
    assertThat(poll()).isEmpty();
    assertThat(poll()).isEmpty();
  }

  @Test
  void nothing_is_said_of_a_record_before_it_is_done() {
    kafka.append(2);
    List<Received> received = take(2);
    consumer.commit();
    assertThat(kafka.sent).isEmpty();
    consumer.acknowledge(received.get(1));
    consumer.commit();
    assertThat(kafka.sent).containsExactly(AcknowledgeType.ACCEPT);
    assertThat(kafka.state(1)).isEqualTo(State.DONE);
    assertThat(kafka.state(0)).isEqualTo(State.LENT);
  }

  @Test
  void no_more_comes_before_all_of_a_poll_are_done() {
    kafka.append(6);
    List<Received> received = take(4);
    received.subList(1, 4).forEach(consumer::acknowledge);
    assertThat(poll()).isEmpty();
    consumer.acknowledge(received.get(0));
    assertThat(take(2)).extracting(Received::offset).containsExactly(4L, 5L);
  }

  @Test
  void record_is_asked_for_longer_at_half_its_time_and_the_done_ones_are_not() {
    kafka.append(3);
    List<Received> received = take(3);
    consumer.acknowledge(received.get(0));
    pass(4_900);
    assertThat(kafka.renewals).isZero();
    pass(200);
    assertThat(kafka.renewals).isEqualTo(2);
    for (int i = 0; i < 10; i++) {
      pass(3_000);
    }
    assertThat(received.subList(1, 3)).allMatch(consumer::owns);
    assertThat(kafka.state(0)).isEqualTo(State.DONE);
    assertThat(kafka.deliveries(1)).isEqualTo(1);
    assertThat(revoked).isEmpty();
  }

  @Test
  void records_that_nobody_works_on_are_not_asked_for_longer_and_are_lost() {
    kafka.append(1);
    List<Received> received = take(1);
    consumer.keep(false);
    consumer.pause(consumer.assigned());
    pass(5_100);
    assertThat(kafka.renewals).isZero();
    assertThat(consumer.owns(received.get(0))).isTrue();
    pass(5_000);
    assertThat(consumer.owns(received.get(0))).isFalse();
    assertThat(revoked).isNotEmpty();
    consumer.keep(true);
    consumer.resume(consumer.assigned());
    List<Received> again = take(1);
    pass(5_100);
    assertThat(kafka.renewals).isEqualTo(1);
    assertThat(again).allMatch(consumer::owns);
  }

  @Test
  void answers_that_are_given_while_more_time_is_asked_for_are_sent_after_it() {
    kafka.append(3);
    List<Received> received = take(3);
    kafka.answers = false;
    pass(5_100);
    consumer.acknowledge(received.get(0));
    consumer.release(received.get(1));
    consumer.commit();
    assertThat(consumer.owns(received.get(0))).isFalse();
    assertThat(kafka.sent).containsExactly(AcknowledgeType.RENEW);
    kafka.answers = true;
    poll();
    poll();
    consumer.commit();
    assertThat(kafka.state(0)).isEqualTo(State.DONE);
    assertThat(kafka.state(1)).isEqualTo(State.WAITS);
    assertThat(kafka.state(2)).isEqualTo(State.LENT);
    assertThat(consumer.owns(received.get(2))).isTrue();
  }

  @Test
  void record_that_the_broker_does_not_leave_longer_is_lost() {
    kafka.append(2);
    List<Received> received = take(2);
    kafka.answers = false;
    pass(5_100);
    now += 6_000 * MILLI; // the locks run out before the broker is asked
    kafka.answers = true;
    List<Received> again = take(2);
    assertThat(revoked).isNotEmpty();
    assertThat(received).noneMatch(consumer::owns);
    assertThat(again).allMatch(consumer::owns);
    assertThat(again).allMatch(r -> consumer.deliveries(r) == 2);
    consumer.acknowledge(received.get(0)); // of the delivery before
    consumer.commit();
    assertThat(kafka.state(0)).isEqualTo(State.LENT);
  }

  @Test
  void member_that_was_not_polled_in_time_gives_up_what_it_has() {
    kafka.append(1);
    Received late = take(1).get(0);
    now += 10_100 * MILLI;
    assertThat(consumer.owns(late)).isFalse();
    List<Received> again = poll();
    assertThat(revoked).hasSize(1);
    assertThat(again.isEmpty() ? take(1) : again).extracting(Received::offset).containsExactly(0L);
  }

  @Test
  void records_that_lay_in_the_client_too_long_go_back() {
    kafka.append(1);
    assertThat(poll()).isEmpty(); // asks
    now += 6_000 * MILLI; // they may have come right after
    assertThat(consumer.poll(Duration.ofMillis(10))).isEmpty();
    assertThat(kafka.state(0)).isEqualTo(State.WAITS);
    assertThat(take(1)).extracting(Received::offset).containsExactly(0L);
  }

  @Test
  void second_hand_takes_more_while_the_first_has_some_and_each_answers_its_own() {
    FakeShareConsumer other = new FakeShareConsumer(TOPIC, 4, () -> now);
    ShareGroupConsumer both = consumer(kafka, other);
    kafka.append(4);
    List<Received> first = new ArrayList<>();
    List<Received> second = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      now += 10 * MILLI;
      first.addAll(both.poll(Duration.ZERO));
    }
    other.append(2);
    for (int i = 0; i < 3; i++) {
      now += 10 * MILLI;
      second.addAll(both.poll(Duration.ZERO));
    }
    assertThat(first).hasSize(4);
    assertThat(second).hasSize(2);
    // Both have an offset 1 of their own here; the number tells them apart.
    both.acknowledge(second.get(1));
    both.commit();
    assertThat(other.state(1)).isEqualTo(State.DONE);
    assertThat(kafka.state(1)).isEqualTo(State.LENT);
  }

  @Test
  void closing_gives_back_what_is_not_done_and_sends_what_is() {
    kafka.append(2);
    List<Received> received = take(2);
    consumer.acknowledge(received.get(0));
    consumer.close(Duration.ofSeconds(1));
    consumer.close(Duration.ofSeconds(1));
    assertThat(kafka.state(0)).isEqualTo(State.DONE);
    assertThat(kafka.state(1)).isEqualTo(State.WAITS);
    assertThat(kafka.closed).isTrue();
    assertThat(consumer.assigned()).isEmpty();
  }

  /**
   * Whatever happens in whatever order: what is done at the broker was acknowledged here, what was
   * acknowledged while it was ours is done, and Kafka's client is never used against its rules.
   */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void random_schedules_keep_the_rules(int seed) {
    Random random = new Random(seed);
    int all = 0;
    for (int run = 0; run < 200; run++) {
      now += 1_000_000 * MILLI;
      FakeShareConsumer broker = new FakeShareConsumer(TOPIC, 1 + random.nextInt(5), () -> now);
      ShareGroupConsumer one = consumer(broker);
      broker.append(20);
      List<Received> held = new ArrayList<>();
      Set<Long> acknowledged = new HashSet<>();
      for (int step = 0; step < 150; step++) {
        now += random.nextInt(400) * MILLI;
        if (random.nextInt(60) == 0) {
          now += 11_000 * MILLI;
        }
        broker.answers = random.nextInt(3) > 0;
        List<Received> polled = one.poll(Duration.ZERO);
        assertThat(polled).allMatch(one::owns);
        held.addAll(polled);
        held.removeIf(r -> !one.owns(r));
        while (!held.isEmpty() && random.nextInt(3) > 0) {
          Received r = held.remove(random.nextInt(held.size()));
          if (random.nextInt(5) == 0) {
            one.release(r);
          } else {
            one.acknowledge(r);
            acknowledged.add(r.offset());
          }
        }
        if (random.nextBoolean()) {
          one.commit();
        }
      }
      broker.answers = true;
      one.close(Duration.ZERO);
      for (long offset = 0; offset < 20; offset++) {
        if (broker.state(offset) == State.DONE) {
          assertThat(acknowledged).as("seed %s run %s", seed, run).contains(offset);
        }
        assertThat(broker.state(offset)).isNotEqualTo(State.LENT);
      }
      all += acknowledged.size();
      assertThat(broker.sent).doesNotContain(AcknowledgeType.REJECT);
    }
    assertThat(all).as("the schedules do something").isGreaterThan(1000);
  }
}
