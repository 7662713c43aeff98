package dev.headrace.transport.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.headrace.embedded.EmbeddedServers;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.config.Settings;
import dev.headrace.protocol.event.WireHeader;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.protocol.naming.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Share groups against a real broker: what is lent, kept, lost, given back and counted. */
class ShareGroupIT {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  /** What embedded brokers allow, and others do not. */
  private static final Duration SHORT = Duration.ofSeconds(2);

  private static EmbeddedServers servers;

  private final String lane = "lane-" + UUID.randomUUID();
  private final String topic = Topics.work(lane);
  private final LaneIntake group = new LaneIntake(LaneIntake.Kind.GROUP, SHORT, 1);
  private final List<EventConsumer> open = new ArrayList<>();
  private Duration lock = Duration.ofSeconds(30);
  private KafkaConfig config;
  private TopicAdmin admin;
  private KafkaProducer<byte[], byte[]> producer;

  @BeforeAll
  static void start() {
    servers = EmbeddedServers.builder().build().start();
  }

  @AfterAll
  static void stop() {
    servers.close();
  }

  @BeforeEach
  void open() {
    config =
        KafkaConfig.read(
            Settings.of(
                Map.of(
                    "kafka.bootstrap-servers",
                    servers.kafkaBootstrap(),
                    "kafka.topics.partitions",
                    "1")));
    admin = new TopicAdmin(config);
    admin.ensure(List.of(topic));
    producer = producer(Map.of());
  }

  private KafkaProducer<byte[], byte[]> producer(Map<String, Object> more) {
    Map<String, Object> properties = new HashMap<>(more);
    properties.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, servers.kafkaBootstrap());
    return new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
  }

  @AfterEach
  void close() {
    open.forEach(c -> c.close(Duration.ofSeconds(5)));
    producer.close();
    admin.close();
  }

  private static final class Told implements EventConsumer.Listener {
    final List<Slot> assigned = new ArrayList<>();
    final List<Slot> revoked = new ArrayList<>();

    @Override
    public void assigned(Collection<Slot> slots) {
      assigned.addAll(slots);
    }

    @Override
    public void revoked(Collection<Slot> slots) {
      revoked.addAll(slots);
    }
  }

  private EventConsumer join(int polls, int records, Told told) {
    LaneIntake intake = shared(polls);
    admin.prepare(lane, intake);
    EventConsumer consumer =
        new ShareGroupConsumer(config, intake, records, "test", intake.group(lane), topic, told);
    open.add(consumer);
    return consumer;
  }

  private LaneIntake shared(int polls) {
    return new LaneIntake(LaneIntake.Kind.SHARE, lock, polls);
  }

  private EventConsumer join() {
    return join(1, 500, new Told());
  }

  private void append(String... texts) {
    for (String text : texts) {
      append(new WireRecord(null, List.of(), text.getBytes(StandardCharsets.UTF_8)));
    }
  }

  private void append(WireRecord record) {
    var unused = producer.send(Wire.toKafka(topic, record));
    producer.flush();
  }

  private static String text(Received received) {
    return new String(received.record().value(), StandardCharsets.UTF_8);
  }

  private static List<String> texts(List<Received> received) {
    return received.stream().map(ShareGroupIT::text).toList();
  }

  /** Polls until this many records came. */
  private static List<Received> take(EventConsumer consumer, int count) {
    List<Received> all = new ArrayList<>();
    pollUntil(() -> all.size() >= count, consumer, all);
    assertThat(all).hasSize(count);
    return all;
  }

  private static void pollUntil(
      BooleanSupplier holds, EventConsumer consumer, List<Received> received) {
    long end = System.nanoTime() + LIMIT.toNanos();
    while (!holds.getAsBoolean()) {
      assertThat(System.nanoTime()).as("%s came", texts(received)).isLessThan(end);
      received.addAll(consumer.poll(Duration.ofMillis(50)));
      consumer.commit();
    }
  }

  private static List<Received> pollFor(Duration time, EventConsumer consumer) {
    List<Received> received = new ArrayList<>();
    long end = System.nanoTime() + time.toNanos();
    pollUntil(() -> System.nanoTime() - end > 0, consumer, received);
    return received;
  }

  private void leave(EventConsumer consumer) {
    consumer.close(Duration.ofSeconds(5));
    open.remove(consumer);
  }

  private long lag() {
    return admin.lag(List.of(lane)).get(lane);
  }

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
    assertThat(hung.owns(received.get(0))).isFalse();
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

  @Test
  void backlog_is_what_is_not_done_whether_taken_or_not() {
    append("a", "b", "c", "d", "e");
    assertThat(lag()).isEqualTo(5);
    EventConsumer consumer = join(1, 3, new Told());
    List<Received> received = take(consumer, 3);
    assertThat(lag()).isEqualTo(5);
    consumer.acknowledge(received.get(2));
    consumer.acknowledge(received.get(1));
    consumer.commit();
    List<Received> none = new ArrayList<>();
    pollUntil(() -> lag() == 3, consumer, none);
    assertThat(none).isEmpty();
    consumer.acknowledge(received.get(0));
    take(consumer, 2).forEach(consumer::acknowledge);
    consumer.commit();
    pollUntil(() -> lag() == 0, consumer, none);
    leave(consumer);
    assertThat(none).isEmpty();
    assertThat(lag()).isZero();
  }

  @Test
  void aborted_transaction_is_not_read_and_counts_for_nothing_when_all_is_done() {
    try (KafkaProducer<byte[], byte[]> writer =
        producer(Map.of(ProducerConfig.TRANSACTIONAL_ID_CONFIG, "tx-" + lane))) {
      writer.initTransactions();
      writer.beginTransaction();
      writer.send(new ProducerRecord<>(topic, new byte[] {'x'}));
      writer.flush();
      writer.abortTransaction();
      writer.beginTransaction();
      writer.send(new ProducerRecord<>(topic, new byte[] {'a'}));
      writer.commitTransaction();
    }
    append("b");
    EventConsumer consumer = join();
    List<Received> received = new ArrayList<>();
    pollUntil(
        () -> {
          received.forEach(consumer::acknowledge);
          return received.size() >= 2;
        },
        consumer,
        received);
    assertThat(texts(received)).containsExactly("a", "b");
    received.forEach(consumer::acknowledge);
    consumer.commit();
    List<Received> more = new ArrayList<>();
    pollUntil(() -> lag() == 0, consumer, more);
    assertThat(more).isEmpty();
  }

  @Test
  void share_group_goes_on_where_the_consumer_group_was_and_the_other_way_round() {
    append("a", "b", "c");
    admin.prepare(lane, group);
    GroupConsumer before =
        new GroupConsumer(config, Topics.workGroup(lane), List.of(topic), new Told());
    List<Received> received = take(before, 3);
    before.acknowledge(received.get(0));
    before.acknowledge(received.get(1));
    assertThat(admin.shared(lane)).isFalse();
    assertThatThrownBy(() -> admin.prepare(lane, shared(1)))
        .isInstanceOf(FailureException.class)
        .hasMessageContaining("worker.intake: share (expected: group, as 1 members");
    before.close(Duration.ofSeconds(5));
    assertThat(lag()).isEqualTo(1);

    EventConsumer shared = join();
    List<Received> rest = take(shared, 1);
    assertThat(texts(rest)).containsExactly("c");
    append("d");
    rest.forEach(shared::acknowledge);
    take(shared, 1).forEach(shared::acknowledge);
    assertThatThrownBy(() -> admin.prepare(lane, group))
        .hasMessageContaining("worker.intake: group (expected: share, as 1 members");
    leave(shared);
    append("e");
    assertThat(lag()).isEqualTo(1);
    assertThat(admin.shared(lane)).isTrue();
    EventConsumer rescuer =
        new ShareGroupConsumer(
            config, shared(1), 1, TopicAdmin.RESCUER, Topics.shareGroup(lane), topic, new Told());
    open.add(rescuer);
    take(rescuer, 1).forEach(rescuer::release);
    admin.prepare(lane, group); // who leaves when workers come keeps none away
    leave(rescuer);

    admin.prepare(lane, group);
    GroupConsumer after =
        new GroupConsumer(config, Topics.workGroup(lane), List.of(topic), new Told());
    List<Received> last = new ArrayList<>();
    pollUntil(() -> texts(last).contains("e"), after, last);
    // What is done behind the broker's own mark comes again, and meets its outcome.
    assertThat(texts(last)).isSubsetOf("d", "e");
    last.forEach(after::acknowledge);
    after.close(Duration.ofSeconds(5));
    assertThat(lag()).isZero();
  }

  @Test
  void lock_that_the_broker_does_not_allow_is_an_error_that_names_it() {
    LaneIntake hour = new LaneIntake(LaneIntake.Kind.SHARE, Duration.ofHours(1), 1);
    assertThatThrownBy(() -> admin.prepare(lane, hour))
        .isInstanceOf(FailureException.class)
        .hasMessageContaining("worker.intake: share (expected: ")
        .hasMessageContaining("share.record.lock.duration.ms=3600000");
  }
}
