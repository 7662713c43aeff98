package dev.headrace.transport.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.config.Settings;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.protocol.naming.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Topics and lags of a real broker. */
class TopicAdminIT extends KafkaServerSuite {
  @Test
  void ensuring_a_topic_twice_is_harmless() {
    admin.ensure(List.of(topic, "other-" + topic));
    admin.ensure(List.of(topic, "other-" + topic));
  }

  @Test
  void lag_counts_what_is_not_committed() throws Exception {
    String unknown = "unknown-" + lane;
    assertThat(admin.lag(List.of(lane, unknown))).isEqualTo(Map.of(lane, 0L));
    for (int i = 0; i < 10; i++) {
      appendRaw(i % 2, new WireRecord(null, List.of(), new byte[1]));
    }
    assertThat(admin.lag(List.of(lane))).isEqualTo(Map.of(lane, 10L));

    GroupConsumer consumer = consumer();
    List<Received> received = receive(consumer, 10);
    assertThat(admin.lag(List.of(lane))).isEqualTo(Map.of(lane, 10L));
    received.stream().filter(r -> r.slot().partition() == 0).forEach(consumer::acknowledge);
    consumer.close(Duration.ofSeconds(5));
    assertThat(admin.lag(List.of(lane))).isEqualTo(Map.of(lane, 5L));
    assertThat(admin.lag(List.of())).isEmpty();
  }

  @Test
  void lag_leaves_out_what_is_done_behind_a_record_that_takes_long() throws Exception {
    for (int i = 0; i < 10; i++) {
      appendRaw(0, new WireRecord(null, List.of(), new byte[1]));
    }
    GroupConsumer consumer = consumer();
    List<Received> received = receive(consumer, 10);
    received.subList(1, 7).forEach(consumer::acknowledge);
    consumer.commit();
    awaitLag(consumer, 4);
    received.subList(7, 9).forEach(consumer::acknowledge);
    consumer.commit();
    awaitLag(consumer, 2);
    consumer.acknowledge(received.get(0));
    consumer.close(Duration.ofSeconds(5));
    assertThat(admin.lag(List.of(lane))).isEqualTo(Map.of(lane, 1L));
  }

  private static List<Received> receive(GroupConsumer consumer, int records) {
    List<Received> received = new ArrayList<>();
    await()
        .until(
            () -> {
              received.addAll(consumer.poll(Duration.ofMillis(100)));
              return received.size() >= records;
            });
    assertThat(received).hasSize(records);
    return received;
  }

  private void awaitLag(GroupConsumer consumer, long records) {
    await()
        .untilAsserted(
            () -> {
              consumer.poll(Duration.ofMillis(10));
              assertThat(admin.lag(List.of(lane))).isEqualTo(Map.of(lane, records));
            });
  }

  @Test
  void lag_leaves_out_what_retention_removed() throws Exception {
    for (int i = 0; i < 10; i++) {
      appendRaw(0, new WireRecord(null, List.of(), new byte[1]));
    }
    GroupConsumer consumer = consumer();
    List<Received> received = receive(consumer, 10);
    received.stream().limit(2).forEach(consumer::acknowledge);
    consumer.close(Duration.ofSeconds(5));
    assertThat(admin.lag(List.of(lane))).isEqualTo(Map.of(lane, 8L));
    TopicPartition partition = new TopicPartition(topic, 0);
    try (Admin kafka =
        Admin.create(
            Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, servers().kafkaBootstrap()))) {
      kafka.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(7))).all().get();
    }
    assertThat(admin.lag(List.of(lane))).isEqualTo(Map.of(lane, 3L));
  }

  @ParameterizedTest
  @EnumSource(GroupProtocol.class)
  void transactions_leave_no_work_behind_but_what_they_committed(GroupProtocol protocol)
      throws Exception {
    try (KafkaProducer<byte[], byte[]> other = transactional();
        KafkaProducer<byte[], byte[]> open = transactional()) {
      for (int i = 0; i < 4; i++) {
        other.beginTransaction();
        send(other, 2);
        if (i == 1) {
          other.abortTransaction();
        } else {
          other.commitTransaction();
        }
      }
      open.beginTransaction();
      send(open, 3);
      // Not read yet: the 8 records and a marker for each of 4 transactions; never more.
      assertThat(admin.lag(List.of(lane))).isEqualTo(Map.of(lane, 12L));

      GroupConsumer consumer =
          new GroupConsumer(
              config(Map.of("kafka.group-protocol", protocol.wireName())),
              Topics.workGroup(lane),
              List.of(topic),
              NOBODY);
      List<Received> received = receive(consumer, 6);
      consumer.commit();
      awaitLag(consumer, 6);
      received.subList(1, 6).forEach(consumer::acknowledge);
      consumer.commit();
      awaitLag(consumer, 1);
      consumer.acknowledge(received.get(0));
      consumer.commit();
      awaitLag(consumer, 0);

      open.commitTransaction();
      receive(consumer, 3).forEach(consumer::acknowledge);
      consumer.close(Duration.ofSeconds(5));
      assertThat(admin.lag(List.of(lane)).get(lane)).isLessThanOrEqualTo(1);
    }
    GroupConsumer next = consumer();
    awaitLag(next, 0); // whatever the last one had not passed
    next.close(Duration.ofSeconds(5));
  }

  private KafkaProducer<byte[], byte[]> transactional() {
    Map<String, Object> properties =
        new HashMap<>(ClientProperties.producer(config(Map.of()), "transactional", Map.of()));
    properties.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, "t-" + UUID.randomUUID());
    KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
    producer.initTransactions();
    return producer;
  }

  private void send(KafkaProducer<byte[], byte[]> to, int records) throws Exception {
    for (int i = 0; i < records; i++) {
      to.send(new ProducerRecord<>(topic, 0, null, new byte[1])).get(20, TimeUnit.SECONDS);
    }
  }

  @Test
  void admin_without_broker_fails_within_the_bound() {
    Settings settings =
        Settings.of(Map.of("kafka.bootstrap-servers", "127.0.0.1:1", "kafka.timeout", "1s"));
    try (TopicAdmin lonely = new TopicAdmin(KafkaConfig.read(settings))) {
      for (Runnable call :
          List.<Runnable>of(() -> lonely.ensure(List.of("t")), () -> lonely.lag(List.of("lane")))) {
        assertThatThrownBy(call::run)
            .isInstanceOfSatisfying(
                FailureException.class,
                e -> assertThat(e.failure().code()).isEqualTo(ErrorCode.BROKER_UNAVAILABLE));
      }
    }
  }
}
