package dev.headrace.transport.kafka;

import static java.time.temporal.ChronoUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.headrace.embedded.testing.ServerSuite;
import dev.headrace.protocol.ErrorKind;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.config.Settings;
import dev.headrace.protocol.event.WireRecord;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class KafkaOutcomeTailIT extends ServerSuite {
  /** Of now: a broker takes no records of the future and deletes old ones. */
  private static final Instant START = Instant.now().minusSeconds(600).truncatedTo(SECONDS);

  private final String topic = "outcomes-" + UUID.randomUUID();
  private KafkaConfig config;
  private KafkaProducer<byte[], byte[]> raw;
  private OutcomeTail tail;

  @BeforeEach
  void open() {
    config = config(servers().kafkaBootstrap());
    raw =
        new KafkaProducer<>(
            ClientProperties.producer(config, "raw", Map.of()),
            new ByteArraySerializer(),
            new ByteArraySerializer());
    try (TopicAdmin admin = new TopicAdmin(config)) {
      admin.ensure(List.of(topic));
    }
  }

  @AfterEach
  void close() {
    if (tail != null) {
      tail.close();
    }
    if (raw != null) {
      raw.close();
    }
  }

  private static KafkaConfig config(String bootstrap) {
    return KafkaConfig.read(
        Settings.of(
            Map.of(
                "kafka.bootstrap-servers", bootstrap,
                "kafka.topics.partitions", "2",
                "kafka.timeout", "1s")));
  }

  private void publish(int partition, Instant time, String key) throws Exception {
    byte[] bytes = key.getBytes(StandardCharsets.UTF_8);
    raw.send(new ProducerRecord<>(topic, partition, time.toEpochMilli(), bytes, bytes)).get();
  }

  private List<String> read(int count) {
    List<String> keys = new ArrayList<>();
    await()
        .atMost(Duration.ofSeconds(20))
        .until(
            () -> {
              for (WireRecord record : tail.poll(Duration.ofMillis(100))) {
                keys.add(new String(record.key(), StandardCharsets.UTF_8));
              }
              return keys.size() >= count;
            });
    return keys;
  }

  private void open(Set<String> topics, Instant from) {
    tail = KafkaOutcomeTail.at(config, "tail").open(topics, from);
  }

  @Test
  void begins_at_a_time_in_every_partition_and_goes_on() throws Exception {
    publish(0, START, "0 at the start");
    publish(0, START.plusSeconds(10), "0 after 10 s");
    publish(1, START, "1 at the start");
    publish(1, START.plusSeconds(20), "1 after 20 s");

    open(Set.of(topic), START.plusSeconds(5));
    assertThat(tail.caughtUp()).isFalse();
    assertThat(read(2)).containsExactlyInAnyOrder("0 after 10 s", "1 after 20 s");
    assertThat(tail.caughtUp()).isTrue();

    publish(0, START.plusSeconds(30), "0 after 30 s");
    assertThat(read(1)).containsExactly("0 after 30 s");
    assertThat(tail.caughtUp()).isTrue();
  }

  @Test
  void time_after_the_last_record_means_what_comes() throws Exception {
    publish(0, START, "old");

    open(Set.of(topic), START.plusSeconds(5));
    assertThat(tail.caughtUp()).isTrue();
    publish(0, START.plusSeconds(9), "new");

    assertThat(read(1)).containsExactly("new");
  }

  @Test
  void topic_that_does_not_exist_is_left_out() throws Exception {
    publish(0, START, "a");

    open(Set.of(topic, "absent-" + UUID.randomUUID()), START);

    assertThat(read(1)).containsExactly("a");
  }

  @Test
  void when_no_topic_exists_it_is_worth_another_try() {
    assertThatThrownBy(() -> open(Set.of("absent-" + UUID.randomUUID()), START))
        .isInstanceOfSatisfying(
            FailureException.class,
            e -> assertThat(e.failure().code().kind()).isEqualTo(ErrorKind.TRANSIENT));
  }

  @Test
  void without_broker_it_fails_within_seconds() {
    config = config("127.0.0.1:1");
    long begin = System.nanoTime();

    assertThatThrownBy(() -> open(Set.of(topic), START)).isInstanceOf(FailureException.class);
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(8));
  }
}
