package dev.headrace.embedded.testing;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** The few things that tests do with a broker beside what they test, with plain Kafka clients. */
public final class KafkaProbe {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  private final String bootstrap;

  public KafkaProbe(String bootstrap) {
    this.bootstrap = bootstrap;
  }

  public void createTopic(String topic, int partitions) throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
      admin
          .createTopics(List.of(new NewTopic(topic, partitions, (short) 1)))
          .all()
          .get(30, TimeUnit.SECONDS);
    }
  }

  public void deleteTopic(String topic) throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
      admin.deleteTopics(List.of(topic)).all().get(30, TimeUnit.SECONDS);
    }
  }

  /** A share group starts at the end of a topic unless told otherwise. */
  public void startShareGroupAtTheBeginning(String group) throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
      ConfigEntry earliest = new ConfigEntry("share.auto.offset.reset", "earliest");
      admin
          .incrementalAlterConfigs(
              Map.of(
                  new ConfigResource(ConfigResource.Type.GROUP, group),
                  List.of(new AlterConfigOp(earliest, AlterConfigOp.OpType.SET))))
          .all()
          .get(30, TimeUnit.SECONDS);
    }
  }

  public void produce(String topic, List<String> values) throws Exception {
    Map<String, Object> settings =
        Map.of("bootstrap.servers", bootstrap, "acks", "all", "max.block.ms", "10000");
    try (var producer =
        new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
      for (String value : values) {
        producer.send(new ProducerRecord<>(topic, value)).get(10, TimeUnit.SECONDS);
      }
    }
  }

  /** A record for a certain partition. */
  @SuppressWarnings("ArrayRecordComponent")
  public record Placed(int partition, byte[] key, Map<String, byte[]> headers, byte[] value) {}

  /** Appends these records in their order; returns when all are stored. */
  public void append(String topic, List<Placed> records) {
    try (var producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", bootstrap, "acks", "all", "linger.ms", "5"),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      List<Future<?>> sent = new ArrayList<>();
      for (Placed record : records) {
        var out =
            new ProducerRecord<byte[], byte[]>(
                topic, record.partition(), record.key(), record.value());
        record.headers().forEach((name, value) -> out.headers().add(name, value));
        sent.add(producer.send(out));
      }
      for (Future<?> one : sent) {
        one.get(30, TimeUnit.SECONDS);
      }
    } catch (InterruptedException | ExecutionException | TimeoutException e) {
      throw new AssertionError(e);
    }
  }

  /** Reads with {@code group.protocol=consumer}, from the group's position, and commits. */
  public List<String> consume(String topic, String group, int count) {
    Map<String, Object> settings =
        Map.of(
            "bootstrap.servers", bootstrap,
            "group.id", group,
            "group.protocol", "consumer",
            "auto.offset.reset", "earliest",
            "enable.auto.commit", "false");
    try (var consumer =
        new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
      consumer.subscribe(List.of(topic));
      List<String> values = values(consumer::poll, count);
      consumer.commitSync(LIMIT);
      return values;
    }
  }

  /** Reads as a member of a share group; the records count as done with the next poll. */
  public List<String> consumeShared(String topic, String group, int count) {
    Map<String, Object> settings = Map.of("bootstrap.servers", bootstrap, "group.id", group);
    try (var consumer =
        new KafkaShareConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
      consumer.subscribe(List.of(topic));
      List<String> values = values(consumer::poll, count);
      consumer.commitSync(LIMIT);
      return values;
    }
  }

  private static List<String> values(
      Function<Duration, ConsumerRecords<String, String>> poll, int count) {
    List<String> values = new ArrayList<>();
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (values.size() < count && System.nanoTime() < deadline) {
      poll.apply(Duration.ofMillis(200)).forEach(record -> values.add(record.value()));
    }
    return values;
  }
}
