package dev.headrace.transport.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.headrace.embedded.testing.ServerBackend;
import dev.headrace.embedded.testing.TestServers;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.ErrorKind;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.config.Settings;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.protocol.naming.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Consumers, producer and admin against a real broker. */
@ParameterizedClass
@EnumSource(ServerBackend.class)
class KafkaIT {
  private static TestServers servers;

  private final ServerBackend backend;
  private final String lane = "lane-" + UUID.randomUUID();
  private final String topic = Topics.work(lane);
  private KafkaProducer<byte[], byte[]> raw;
  private TopicAdmin admin;
  private KafkaEventProducer producer;

  KafkaIT(ServerBackend backend) {
    this.backend = backend;
  }

  @BeforeParameterizedClassInvocation
  static void start(ServerBackend backend) {
    if (backend.isAvailable()) {
      servers = backend.start();
    }
  }

  @AfterParameterizedClassInvocation
  static void stop() {
    if (servers != null) {
      servers.close();
      servers = null;
    }
  }

  private static KafkaConfig config(Map<String, String> more) {
    Map<String, String> values = new HashMap<>(more);
    values.put("kafka.bootstrap-servers", servers.kafkaBootstrap());
    values.put("kafka.topics.partitions", "2");
    values.putIfAbsent("kafka.max-block", "1s");
    Settings settings = Settings.of(values);
    KafkaConfig config = KafkaConfig.read(settings);
    settings.requireValid(List.of());
    return config;
  }

  @BeforeEach
  void open() {
    backend.assumeAvailable();
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

  private void appendRaw(int partition, WireRecord record) {
    ProducerRecord<byte[], byte[]> kafka = Wire.toKafka(topic, record);
    var unused =
        raw.send(
            new ProducerRecord<>(
                topic, partition, null, kafka.key(), kafka.value(), kafka.headers()));
    raw.flush();
  }

  private static final EventConsumer.Listener NOBODY =
      new EventConsumer.Listener() {
        @Override
        public void assigned(Collection<Slot> slots) {}

        @Override
        public void revoked(Collection<Slot> slots) {}
      };

  private GroupConsumer consumer() {
    return new GroupConsumer(config(Map.of()), Topics.workGroup(lane), List.of(topic), NOBODY);
  }

  /** Both group protocols keep the contract. */
  abstract class Contract extends EventConsumerContract {
    private final GroupProtocol protocol;

    Contract(GroupProtocol protocol) {
      this.protocol = protocol;
    }

    @Override
    String topic() {
      return topic;
    }

    @Override
    EventConsumer join(EventConsumer.Listener listener) {
      KafkaConfig config = config(Map.of("kafka.group-protocol", protocol.wireName()));
      return new GroupConsumer(config, "group-" + topic, List.of(topic), listener);
    }

    @Override
    void append(int partition, WireRecord record) {
      appendRaw(partition, record);
    }
  }

  @Nested
  class ConsumerProtocol extends Contract {
    ConsumerProtocol() {
      super(GroupProtocol.CONSUMER);
    }
  }

  @Nested
  class ClassicProtocol extends Contract {
    ClassicProtocol() {
      super(GroupProtocol.CLASSIC);
    }
  }

  private Optional<FailureException> send(String to, byte[] value) throws Exception {
    CompletableFuture<Optional<FailureException>> done = new CompletableFuture<>();
    producer.send(
        to,
        new WireRecord(new byte[] {1}, List.of(), value),
        failure -> done.complete(Optional.ofNullable(failure)));
    return done.get(20, TimeUnit.SECONDS);
  }

  @Test
  void sent_records_are_appended() throws Exception {
    for (int i = 0; i < 10; i++) {
      assertThat(send(topic, new byte[i])).isEmpty();
    }
    GroupConsumer consumer = consumer();
    List<Integer> sizes = new ArrayList<>();
    while (sizes.size() < 10) {
      consumer.poll(Duration.ofMillis(100)).forEach(r -> sizes.add(r.record().value().length));
    }
    consumer.close(Duration.ofSeconds(5));

    assertThat(sizes).containsExactlyInAnyOrderElementsOf(IntStream.range(0, 10).boxed().toList());
  }

  @Test
  void too_large_a_record_is_refused_for_good() throws Exception {
    byte[] random = new byte[3 << 20];
    new java.util.Random(1).nextBytes(random);

    assertThat(send(topic, random))
        .hasValueSatisfying(
            f -> assertThat(f.failure().code()).isEqualTo(ErrorCode.INPUT_TOO_LARGE));
    assertThat(send(topic, new byte[20 << 20]))
        .hasValueSatisfying(
            f -> assertThat(f.failure().code()).isEqualTo(ErrorCode.INPUT_TOO_LARGE));
    assertThat(send(topic, new byte[10])).isEmpty();
  }

  @Test
  void topic_that_does_not_exist_is_refused_for_good_and_soon_at_once() throws Exception {
    assertThat(send("absent-" + topic, new byte[1]))
        .hasValueSatisfying(
            f -> {
              assertThat(f.failure().code()).isEqualTo(ErrorCode.INTERNAL_ERROR);
              assertThat(f).hasMessageContaining("absent-" + topic);
            });
    long begin = System.nanoTime();
    for (int i = 0; i < 100; i++) {
      assertThat(send("absent-" + topic, new byte[1])).isPresent();
    }
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(1));
  }

  @Test
  void topics_that_do_not_exist_hold_up_nobody() throws Exception {
    send(topic, new byte[1]);
    long begin = System.nanoTime();
    List<CompletableFuture<FailureException>> absent = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      CompletableFuture<FailureException> done = new CompletableFuture<>();
      absent.add(done);
      producer.send("absent-" + i + topic, new WireRecord(null, List.of(), null), done::complete);
    }
    assertThat(send(topic, new byte[1])).isEmpty();
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(1));
    for (CompletableFuture<FailureException> done : absent) {
      assertThat(done.get(20, TimeUnit.SECONDS).failure().code())
          .isEqualTo(ErrorCode.INTERNAL_ERROR);
    }
  }

  @Test
  void closing_answers_every_send() {
    List<FailureException> answers = new CopyOnWriteArrayList<>();
    for (int i = 0; i < 5; i++) {
      producer.send("absent-" + i + topic, new WireRecord(null, List.of(), null), answers::add);
    }
    producer.close(Duration.ofMillis(200));
    await().until(() -> answers.size() == 5);

    assertThat(answers).doesNotContainNull();
  }

  @Test
  void topic_with_an_invalid_name_is_refused_for_good() throws Exception {
    assertThat(send("a b/c", new byte[1]))
        .hasValueSatisfying(
            f -> assertThat(f.failure().code().kind()).isNotEqualTo(ErrorKind.TRANSIENT));
  }

  @Test
  void broker_that_is_away_is_a_transient_failure_within_the_bound() throws Exception {
    Settings settings =
        Settings.of(Map.of("kafka.bootstrap-servers", "127.0.0.1:1", "kafka.max-block", "200ms"));
    KafkaEventProducer lonely = new KafkaEventProducer(KafkaConfig.read(settings), "lonely");
    CompletableFuture<FailureException> done = new CompletableFuture<>();
    long begin = System.nanoTime();
    lonely.send("t", new WireRecord(null, List.of(), null), done::complete);

    assertThat(done.get(5, TimeUnit.SECONDS).failure().code())
        .isEqualTo(ErrorCode.BROKER_UNAVAILABLE);
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(2));
    lonely.close(Duration.ofSeconds(1));
  }

  @Test
  void send_after_close_fails_by_its_callback() {
    producer.close(Duration.ofSeconds(5));
    List<FailureException> failures = new ArrayList<>();
    producer.send(topic, new WireRecord(null, List.of(), null), failures::add);

    assertThat(failures).hasSize(1).doesNotContainNull();
  }

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
            Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, servers.kafkaBootstrap()))) {
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
