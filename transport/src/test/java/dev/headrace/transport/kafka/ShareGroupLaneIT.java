package dev.headrace.transport.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.naming.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;

/** What a lane shows whose work is taken by a share group, and how it changes to one and back. */
class ShareGroupLaneIT extends ShareGroupSuite {
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
