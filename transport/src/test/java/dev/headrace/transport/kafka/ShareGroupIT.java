package dev.headrace.transport.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.headrace.protocol.event.WireHeader;
import dev.headrace.protocol.event.WireRecord;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Share groups against a real broker: what is lent, kept, lost and given back. */
class ShareGroupIT extends ShareGroupSuite {
  @Test
  void record_comes_as_it_was_sent_though_it_was_sent_before_the_group_began() {
    WireRecord full =
        new WireRecord(
            new byte[] {1}, List.of(WireHeader.of("a", "1"), WireHeader.of("a", "2")), new byte[3]);
    append(full);
    append(new WireRecord(null, List.of(), null));
    Told told = new Told();
    EventConsumer consumer = join(1, 500, told);
    List<Received> received = take(consumer, 2);

    assertThat(received.get(0).record()).isEqualTo(full);
    assertThat(received.get(1).record()).isEqualTo(new WireRecord(null, List.of(), null));
    assertThat(received.get(1).place()).isEqualTo(topic + "-0@1");
    assertThat(told.assigned).containsExactlyElementsOf(consumer.assigned());
    assertThat(consumer.deliveries(received.get(0))).isEqualTo(1);
  }

  @Test
  void poll_gives_no_more_records_than_asked_for_and_none_before_all_are_done() {
    append("a", "b", "c", "d", "e");
    EventConsumer consumer = join(1, 2, new Told());
    List<Received> first = take(consumer, 2);
    consumer.acknowledge(first.get(1));
    assertThat(pollFor(Duration.ofMillis(500), consumer)).isEmpty();
    consumer.acknowledge(first.get(0));

    assertThat(texts(take(consumer, 2))).containsExactly("c", "d");
  }

  @Test
  void second_hand_fetches_while_the_first_has_records() {
    append("a", "b", "c", "d", "e");
    EventConsumer consumer = join(2, 2, new Told());
    List<Received> received = new ArrayList<>();
    pollUntil(() -> received.size() > 2, consumer, received); // two polls' records
    assertThat(received).hasSizeLessThan(5).allMatch(consumer::owns);
    pollUntil(
        () -> {
          received.forEach(consumer::acknowledge);
          return received.size() == 5;
        },
        consumer,
        received);
    assertThat(texts(received)).containsExactlyInAnyOrder("a", "b", "c", "d", "e");
  }

  @Test
  void members_share_one_partition_record_by_record() {
    EventConsumer first = join(1, 3, new Told());
    EventConsumer second = join(1, 3, new Told());
    for (int i = 0; i < 5; i++) {
      append("a", "b", "c", "d");
    }
    List<Received> one = take(first, 3);
    List<Received> two = take(second, 3);

    assertThat(one).allMatch(first::owns);
    assertThat(two).allMatch(second::owns);
    assertThat(one)
        .map(Received::offset)
        .doesNotContainAnyElementsOf(two.stream().map(Received::offset).toList());
  }

  @Test
  void what_was_acknowledged_in_any_order_does_not_come_again() {
    append("a", "b", "c", "d");
    EventConsumer first = join();
    List<Received> received = take(first, 4);
    for (int i : new int[] {3, 1, 0}) {
      first.acknowledge(received.get(i));
      first.acknowledge(received.get(i));
      first.commit();
    }
    leave(first);
    EventConsumer second = join();
    List<Received> again = take(second, 1);

    assertThat(texts(again)).containsExactly("c");
    assertThat(second.deliveries(again.get(0))).isEqualTo(2);
    assertThat(first.owns(received.get(2))).isFalse();
  }

  @Test
  void released_record_comes_to_others_at_once_while_the_rest_is_kept() {
    append("a", "b");
    EventConsumer first = join();
    List<Received> received = take(first, 2);
    EventConsumer second = join();
    first.release(received.get(1));
    assertThat(first.owns(received.get(1))).isFalse();
    first.acknowledge(received.get(1)); // too late
    first.commit();

    assertThat(texts(take(second, 1))).containsExactly("b");
    assertThat(first.owns(received.get(0))).isTrue();
  }

  @Test
  void records_of_a_member_that_is_not_polled_come_to_others_after_the_lock() {
    lock = SHORT;
    append("a", "b");
    Told told = new Told();
    EventConsumer hung = join(1, 500, told);
    List<Received> received = take(hung, 2);
    EventConsumer second = join();
    long begin = System.nanoTime();
    List<Received> again = take(second, 2); // the first one's client still sends its heartbeats

    assertThat(texts(again)).containsExactly("a", "b");
    assertThat(System.nanoTime() - begin).isGreaterThan(SHORT.dividedBy(2).toNanos());
    // It counts from when it had the records, the broker from when it sent them.
    await().atMost(SHORT).until(() -> !hung.owns(received.get(0)));
    again.forEach(second::acknowledge);
    second.commit();
    hung.poll(Duration.ZERO);
    assertThat(told.revoked).isEqualTo(told.assigned);
    hung.acknowledge(received.get(0)); // wakes up, and is too late
    pollFor(Duration.ofSeconds(1), hung);
    append("c");
    second.close(Duration.ofSeconds(5));
    assertThat(texts(take(hung, 1))).containsExactly("c");
  }

  @Test
  void records_stay_with_a_member_that_is_polled_for_many_times_the_lock() {
    lock = SHORT;
    append("a", "b", "c");
    Told told = new Told();
    EventConsumer first = join(1, 500, told);
    List<Received> received = take(first, 3);
    EventConsumer second = join();
    List<Received> stolen = new ArrayList<>();
    long end = System.nanoTime() + SHORT.multipliedBy(3).toNanos();
    while (System.nanoTime() < end) {
      assertThat(first.poll(Duration.ofMillis(10))).isEmpty();
      stolen.addAll(second.poll(Duration.ofMillis(10)));
      first.commit();
    }
    assertThat(stolen).isEmpty();
    assertThat(told.revoked).isEmpty();
    assertThat(received).allMatch(first::owns);
    received.forEach(first::acknowledge);
    first.commit();
    await().atMost(LIMIT).untilAsserted(() -> assertThat(lag()).isZero());
    append("d");
    assertThat(texts(take(first, 1))).containsExactly("d");
  }

  @Test
  void answer_that_is_given_while_more_time_is_asked_for_counts() {
    lock = SHORT;
    append("a", "b");
    EventConsumer consumer = join();
    List<Received> received = take(consumer, 2);
    // Answers at every moment of several renewals: on each turn one more would be told.
    long half = System.nanoTime() + SHORT.dividedBy(2).toNanos();
    while (System.nanoTime() < half) {
      consumer.poll(Duration.ZERO);
    }
    consumer.poll(Duration.ZERO); // asks
    consumer.acknowledge(received.get(0));
    consumer.release(received.get(1));
    List<Received> again = take(consumer, 1);

    assertThat(texts(again)).containsExactly("b");
    consumer.acknowledge(again.get(0));
    consumer.commit();
    await().atMost(LIMIT).untilAsserted(() -> assertThat(lag()).isZero());
  }

  @Test
  void paused_member_gets_nothing_until_it_is_resumed() {
    EventConsumer consumer = join();
    append("a");
    take(consumer, 1).forEach(consumer::acknowledge);
    Set<Slot> all = consumer.assigned();
    consumer.pause(Set.of(new Slot(topic, 0))); // a share group has no slots of its own
    append("b");
    take(consumer, 1).forEach(consumer::acknowledge);
    consumer.pause(all);
    append("c");
    assertThat(pollFor(Duration.ofMillis(300), consumer)).isEmpty();
    consumer.resume(all);
    assertThat(texts(take(consumer, 1))).containsExactly("c");
  }

  @Test
  void record_that_was_delivered_again_and_again_is_worn_out_before_kafka_gives_it_up() {
    append("a");
    EventConsumer consumer = join();
    int deliveries = 0;
    while (true) {
      Received received = take(consumer, 1).get(0);
      assertThat(consumer.deliveries(received)).isEqualTo(++deliveries);
      if (consumer.wornOut(received)) {
        break;
      }
      consumer.release(received);
    }
    assertThat(deliveries).isEqualTo(8);
  }
}
