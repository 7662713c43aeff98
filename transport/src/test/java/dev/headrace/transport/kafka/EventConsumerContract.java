package dev.headrace.transport.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.event.WireHeader;
import dev.headrace.protocol.event.WireRecord;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What every consumer does; each test uses a topic of two partitions and a group of its own. */
abstract class EventConsumerContract {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  private final List<EventConsumer> open = new ArrayList<>();

  /** Name of this test's topic. */
  abstract String topic();

  /** A further member of this test's group. */
  abstract EventConsumer join(EventConsumer.Listener listener);

  /** Appends a record to a partition of the topic. */
  abstract void append(int partition, WireRecord record);

  /** What was told to a listener. */
  static final class Told implements EventConsumer.Listener {
    final Set<Slot> now = new TreeSet<>(Comparator.comparing(Slot::toString));
    final List<Slot> revoked = new ArrayList<>();

    @Override
    public void assigned(Collection<Slot> slots) {
      now.addAll(slots);
    }

    @Override
    public void revoked(Collection<Slot> slots) {
      now.removeAll(slots);
      revoked.addAll(slots);
    }
  }

  private EventConsumer joined(EventConsumer.Listener listener) {
    EventConsumer consumer = join(listener);
    open.add(consumer);
    return consumer;
  }

  @AfterEach
  void closeConsumers() {
    open.forEach(c -> c.close(Duration.ofSeconds(5)));
  }

  private void close(EventConsumer consumer) {
    consumer.close(Duration.ofSeconds(5));
    open.remove(consumer);
  }

  private void append(int partition, String... texts) {
    for (String text : texts) {
      append(partition, new WireRecord(bytes(text), List.of(), bytes(text)));
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String text(Received received) {
    return new String(received.record().value(), StandardCharsets.UTF_8);
  }

  /** Polls until this many records came. */
  private static List<Received> take(EventConsumer consumer, int count) {
    List<Received> all = new ArrayList<>();
    long end = System.nanoTime() + LIMIT.toNanos();
    while (all.size() < count) {
      assertThat(System.nanoTime()).as("%s of %s records came", all.size(), count).isLessThan(end);
      all.addAll(consumer.poll(Duration.ofMillis(100)));
    }
    assertThat(all).hasSize(count);
    return all;
  }

  /** Polls both until this holds and the second got this many records; returns those. */
  private static List<Received> pollUntil(
      BooleanSupplier holds, EventConsumer first, EventConsumer second, int count) {
    List<Received> received = new ArrayList<>();
    long end = System.nanoTime() + LIMIT.toNanos();
    while (!holds.getAsBoolean() || received.size() < count) {
      assertThat(System.nanoTime()).isLessThan(end);
      first.poll(Duration.ofMillis(20));
      received.addAll(second.poll(Duration.ofMillis(20)));
    }
    return received;
  }

  @Test
  void record_comes_as_it_was_sent() {
    WireRecord full =
        new WireRecord(
            bytes("key"),
            List.of(WireHeader.of("a", "1"), WireHeader.of("a", "2"), new WireHeader("null", null)),
            bytes("value"));
    WireRecord bare = new WireRecord(null, List.of(), null);
    append(1, full);
    append(1, bare);

    List<Received> received = take(joined(new Told()), 2);
    assertThat(received).extracting(Received::record).containsExactly(full, bare);
    assertThat(received.get(1).slot()).isEqualTo(new Slot(topic(), 1));
    assertThat(received.get(1).place()).isEqualTo(topic() + "-1@1");
  }

  @Test
  void listener_is_told_which_slots_came() {
    append(0, "a");
    Told told = new Told();
    EventConsumer consumer = joined(told);
    take(consumer, 1);

    assertThat(told.now).containsExactly(new Slot(topic(), 0), new Slot(topic(), 1));
    assertThat(consumer.assigned()).isEqualTo(told.now);
  }

  @Test
  void what_was_not_acknowledged_comes_again() {
    append(0, "a", "b", "c", "d");
    EventConsumer first = joined(new Told());
    List<Received> received = take(first, 4);
    first.acknowledge(received.get(0));
    first.acknowledge(received.get(2));
    close(first);

    assertThat(take(joined(new Told()), 3)).map(r -> text(r)).containsExactly("b", "c", "d");
  }

  @Test
  void what_was_acknowledged_in_any_order_does_not_come_again() {
    append(0, "a", "b", "c", "d");
    EventConsumer first = joined(new Told());
    List<Received> received = take(first, 4);
    for (int i : new int[] {3, 1, 0, 2}) {
      first.acknowledge(received.get(i));
      first.commit();
    }
    close(first);
    append(0, "e");

    assertThat(take(joined(new Told()), 1)).map(r -> text(r)).containsExactly("e");
  }

  @Test
  void acknowledging_twice_changes_nothing() {
    append(0, "a", "b");
    EventConsumer first = joined(new Told());
    List<Received> received = take(first, 2);
    first.acknowledge(received.get(1));
    first.acknowledge(received.get(1));
    close(first);

    assertThat(take(joined(new Told()), 2)).map(r -> text(r)).containsExactly("a", "b");
  }

  @Test
  void paused_slot_gives_nothing_until_it_is_resumed() {
    append(0, "a");
    EventConsumer consumer = joined(new Told());
    take(consumer, 1);
    consumer.pause(Set.of(new Slot(topic(), 0), new Slot("not-ours", 3)));
    append(0, "b");
    append(1, "c");

    assertThat(take(consumer, 1)).map(r -> text(r)).containsExactly("c");
    consumer.resume(Set.of(new Slot(topic(), 0), new Slot("not-ours", 3)));
    assertThat(take(consumer, 1)).map(r -> text(r)).containsExactly("b");
  }

  @Test
  void revoked_slot_takes_its_open_records_along() {
    append(0, "a", "b");
    append(1, "c", "d");
    Told told = new Told();
    EventConsumer first = joined(told);
    List<Received> received = take(first, 4);
    received.stream().filter(r -> r.offset() == 0).forEach(first::acknowledge);
    EventConsumer second = joined(new Told());
    List<Received> taken = pollUntil(() -> !told.revoked.isEmpty(), first, second, 1);
    Slot gone = told.revoked.get(0);

    assertThat(first.assigned()).hasSize(1).doesNotContain(gone);
    for (Received r : received) {
      assertThat(first.owns(r)).isEqualTo(!r.slot().equals(gone));
      first.acknowledge(r); // of the revoked slot: ignored
    }
    first.commit();
    String expected = gone.partition() == 0 ? "b" : "d";
    assertThat(taken).map(r -> text(r)).containsExactly(expected);
    assertThat(second.poll(Duration.ofMillis(100))).isEmpty();
  }

  @Test
  void record_of_an_earlier_assignment_is_stale_when_the_slot_comes_back() {
    append(0, "a");
    append(1, "b");
    Told told = new Told();
    EventConsumer first = joined(told);
    List<Received> before = take(first, 2);
    EventConsumer second = joined(new Told());
    pollUntil(() -> !told.revoked.isEmpty(), first, second, 0);
    Slot back = told.revoked.get(0);
    close(second);
    List<Received> again = new ArrayList<>();
    long end = System.nanoTime() + LIMIT.toNanos();
    while (again.isEmpty()) {
      assertThat(System.nanoTime()).isLessThan(end);
      again.addAll(first.poll(Duration.ofMillis(100)));
    }

    Received stale = before.stream().filter(r -> r.slot().equals(back)).findFirst().orElseThrow();
    assertThat(again).hasSize(1);
    assertThat(again.get(0).offset()).isEqualTo(stale.offset());
    assertThat(first.owns(stale)).isFalse();
    assertThat(first.owns(again.get(0))).isTrue();
    first.acknowledge(stale);
    close(first);
    assertThat(take(joined(new Told()), 2)).map(r -> text(r)).containsExactlyInAnyOrder("a", "b");
  }
}
