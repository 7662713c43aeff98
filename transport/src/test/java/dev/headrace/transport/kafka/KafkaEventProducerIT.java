package dev.headrace.transport.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.ErrorKind;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.config.Settings;
import dev.headrace.protocol.event.WireRecord;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What becomes of a send, to a real broker or to none. */
class KafkaEventProducerIT extends KafkaServerSuite {
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
}
