package dev.headrace.transport.kafka;

import dev.headrace.embedded.testing.ServerSuite;
import dev.headrace.protocol.config.Settings;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.protocol.naming.Topics;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A topic of two partitions on a real broker, with an admin and two producers. */
abstract class KafkaServerSuite extends ServerSuite {
  static final EventConsumer.Listener NOBODY =
      new EventConsumer.Listener() {
        @Override
        public void assigned(Collection<Slot> slots) {}

        @Override
        public void revoked(Collection<Slot> slots) {}
      };

  final String lane = "lane-" + UUID.randomUUID();
  final String topic = Topics.work(lane);
  TopicAdmin admin;
  KafkaEventProducer producer;

  /** Appends as somebody else does. */
  KafkaProducer<byte[], byte[]> raw;

  static KafkaConfig config(Map<String, String> more) {
    Map<String, String> values = new HashMap<>(more);
    values.put("kafka.bootstrap-servers", servers().kafkaBootstrap());
    values.put("kafka.topics.partitions", "2");
    values.putIfAbsent("kafka.max-block", "1s");
    Settings settings = Settings.of(values);
    KafkaConfig config = KafkaConfig.read(settings);
    settings.requireValid(List.of());
    return config;
  }

  @BeforeEach
  void open() {
    KafkaConfig config = config(Map.of());
    raw =
        new KafkaProducer<>(
            ClientProperties.producer(config, "raw", Map.of()),
            new ByteArraySerializer(),
            new ByteArraySerializer());
    admin = new TopicAdmin(config);
    admin.ensure(List.of(topic));
    producer = new KafkaEventProducer(config, "test");
  }

  @AfterEach
  void close() {
    if (raw != null) {
      raw.close();
      admin.close();
      producer.close(Duration.ofSeconds(5));
    }
  }

  final void appendRaw(int partition, WireRecord record) {
    ProducerRecord<byte[], byte[]> kafka = Wire.toKafka(topic, record);
    var unused =
        raw.send(
            new ProducerRecord<>(
                topic, partition, null, kafka.key(), kafka.value(), kafka.headers()));
    raw.flush();
  }

  final GroupConsumer consumer() {
    return new GroupConsumer(config(Map.of()), Topics.workGroup(lane), List.of(topic), NOBODY);
  }
}
