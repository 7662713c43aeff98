package dev.headrace.transport.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.embedded.EmbeddedServers;
import dev.headrace.protocol.config.Settings;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.protocol.naming.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;

/** A lane of one partition on a real broker, whose work is taken by share groups. */
abstract class ShareGroupSuite {
  static final Duration LIMIT = Duration.ofSeconds(60);

  /** What embedded brokers allow, and others do not. */
  static final Duration SHORT = Duration.ofSeconds(2);

  static EmbeddedServers servers;

  final String lane = "lane-" + UUID.randomUUID();
  final String topic = Topics.work(lane);
  final LaneIntake group = new LaneIntake(LaneIntake.Kind.GROUP, SHORT, 1);
  final List<EventConsumer> open = new ArrayList<>();
  Duration lock = Duration.ofSeconds(30);
  KafkaConfig config;
  TopicAdmin admin;
  KafkaProducer<byte[], byte[]> producer;

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

  final KafkaProducer<byte[], byte[]> producer(Map<String, Object> more) {
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

  static final class Told implements EventConsumer.Listener {
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

  final EventConsumer join(int polls, int records, Told told) {
    LaneIntake intake = shared(polls);
    admin.prepare(lane, intake);
    EventConsumer consumer =
        new ShareGroupConsumer(config, intake, records, "test", intake.group(lane), topic, told);
    open.add(consumer);
    return consumer;
  }

  final LaneIntake shared(int polls) {
    return new LaneIntake(LaneIntake.Kind.SHARE, lock, polls);
  }

  final EventConsumer join() {
    return join(1, 500, new Told());
  }

  final void append(String... texts) {
    for (String text : texts) {
      append(new WireRecord(null, List.of(), text.getBytes(StandardCharsets.UTF_8)));
    }
  }

  final void append(WireRecord record) {
    var unused = producer.send(Wire.toKafka(topic, record));
    producer.flush();
  }

  static String text(Received received) {
    return new String(received.record().value(), StandardCharsets.UTF_8);
  }

  static List<String> texts(List<Received> received) {
    return received.stream().map(ShareGroupIT::text).toList();
  }

  /** Polls until this many records came. */
  static List<Received> take(EventConsumer consumer, int count) {
    List<Received> all = new ArrayList<>();
    pollUntil(() -> all.size() >= count, consumer, all);
    assertThat(all).hasSize(count);
    return all;
  }

  static void pollUntil(BooleanSupplier holds, EventConsumer consumer, List<Received> received) {
    long end = System.nanoTime() + LIMIT.toNanos();
    while (!holds.getAsBoolean()) {
      assertThat(System.nanoTime()).as("%s came", texts(received)).isLessThan(end);
      received.addAll(consumer.poll(Duration.ofMillis(50)));
      consumer.commit();
    }
  }

  static List<Received> pollFor(Duration time, EventConsumer consumer) {
    List<Received> received = new ArrayList<>();
    long end = System.nanoTime() + time.toNanos();
    pollUntil(() -> System.nanoTime() - end > 0, consumer, received);
    return received;
  }

  final void leave(EventConsumer consumer) {
    consumer.close(Duration.ofSeconds(5));
    open.remove(consumer);
  }

  final long lag() {
    return admin.lag(List.of(lane)).get(lane);
  }
}
