package dev.headrace.worker.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.Outcomes;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.body.ChatMessage;
import dev.headrace.protocol.body.ChatRequest;
import dev.headrace.protocol.body.EmbeddingsRequest;
import dev.headrace.protocol.body.GenerationOptions;
import dev.headrace.protocol.body.Sampling;
import dev.headrace.transport.kafka.Slot;
import dev.headrace.worker.device.Concurrency;
import dev.headrace.worker.device.OneShotEngine;
import dev.headrace.worker.device.Row;
import dev.headrace.worker.device.RowOutput;
import dev.headrace.worker.device.ServedModel;
import dev.headrace.worker.device.SharedDevice;
import dev.headrace.worker.testing.FakeGenerator;
import dev.headrace.worker.testing.FakeRunner;
import dev.headrace.worker.testing.Requests;
import dev.headrace.worker.testing.WordModel;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * What the worker takes while Kafka gives thousands of one kind before the first of another: as the
 * fake does, slot by slot, fifty records a poll.
 */
class FairIntakeTest {
  private static final Slot FIRST = new Slot(Cluster.WORK, 0);
  private static final Slot SECOND = new Slot(Cluster.WORK, 1);

  /** The queue holds a batch or two of the slow runner below. */
  private static final IntakeConfig SMALL_QUEUE =
      new IntakeConfig(2000, 1 << 20, Duration.ofMillis(400));

  /**
   * A slot's part and a poll, what is being prepared, the queue, the device's eight batches, and as
   * much again of these for what is on its way out.
   */
  private static final int MOST_READ = 500 + 50 + 2 * (128 + 16 + 64);

  private final Cluster cluster = new Cluster();

  /** A fifth of a second for each batch of at most eight. */
  private final class Slow extends FakeRunner {
    Slow(String... models) {
      super(List.of(models).stream().map(WordModel::named).toArray(ServedModel[]::new));
    }

    @Override
    public List<RowOutput> run(ServedModel model, List<Row> rows) {
      cluster.advance(Duration.ofMillis(200));
      return super.run(model, rows);
    }
  }

  private TestWorker oneShot(String... models) {
    return new TestWorker(
            cluster, "w1", SMALL_QUEUE, () -> new OneShotEngine(new Slow(models), cluster::nanos))
        .started();
  }

  /** The worker has measured its models. */
  private TestWorker measured(TestWorker worker, String... models) {
    for (String model : models) {
      embeddings(FIRST, model, "measure-" + model, 100);
      untilDone(worker, "measure-" + model, 100);
    }
    return worker;
  }

  /** A step of the generator takes as long as a row of the other. */
  private TestWorker both() {
    FakeGenerator generator = new FakeGenerator("gen", new Concurrency(4, 1000));
    generator.onStep = () -> cluster.advance(Duration.ofMillis(25));
    return new TestWorker(
            cluster,
            "w1",
            SMALL_QUEUE,
            () ->
                new SharedDevice(
                    List.of(new OneShotEngine(new Slow("words"), cluster::nanos), generator),
                    cluster::nanos))
        .started();
  }

  private void embeddings(Slot slot, String model, String prefix, int count) {
    for (int i = 0; i < count; i++) {
      byte[] body = EmbeddingsRequest.of(model, List.of("x")).encode();
      Requests request = Requests.request(prefix + i).model(model).body(body);
      cluster.append(slot, request.slack(Duration.ofHours(1)).record());
    }
  }

  private void texts(Slot slot, int count) {
    GenerationOptions options = GenerationOptions.DEFAULT.with(Sampling.GREEDY).withMaxTokens(5);
    for (int i = 0; i < count; i++) {
      ChatRequest body = new ChatRequest("gen", List.of(ChatMessage.user("x")), options);
      Requests request =
          Requests.request("t" + i).model("gen").task(Task.CHAT_COMPLETIONS).body(body.encode());
      cluster.append(slot, request.slack(Duration.ofHours(1)).record());
    }
  }

  private long done(String prefix) {
    return cluster.outcomes.outcomes().stream()
        .filter(o -> o.status() == Status.OK && o.id().startsWith(prefix))
        .count();
  }

  private void untilDone(TestWorker worker, String prefix, int count) {
    for (int i = 0; i % 5 > 0 || done(prefix) < count; i++) {
      assertThat(i).as("rounds").isLessThan(20_000);
      worker.round();
    }
  }

  @Test
  void models_of_two_slots_both_get_on() {
    TestWorker worker = measured(oneShot("a", "b"), "a", "b");
    embeddings(FIRST, "a", "a", 800);
    embeddings(SECOND, "b", "b", 800);
    untilDone(worker, "b", 100);
    assertThat(done("a")).isBetween(50L, 200L);
    untilDone(worker, "a", 800);
    untilDone(worker, "b", 800);
    assertThat(worker.consumer.paused()).isEmpty();
  }

  @Test
  void texts_behind_a_thousand_embeddings_are_reached() {
    TestWorker worker = measured(both(), "words");
    embeddings(FIRST, "words", "e", 1000);
    texts(FIRST, 20);
    untilDone(worker, "t", 20);
    assertThat(done("e")).isLessThan(500);
    untilDone(worker, "e", 1000);
  }

  @Test
  void embeddings_behind_a_thousand_texts_are_reached() {
    TestWorker worker = measured(both(), "words");
    texts(FIRST, 1000);
    embeddings(FIRST, "words", "e", 20);
    untilDone(worker, "e", 20);
    assertThat(done("t")).isLessThan(500);
    untilDone(worker, "t", 1000);
  }

  @Test
  void worker_of_one_kind_reads_no_further_than_it_needs() {
    TestWorker worker = measured(oneShot("words"), "words");
    embeddings(FIRST, "words", "e", 1900);
    for (int i = 0; i < 100; i++) {
      worker.round();
      assertThat(worker.consumer.unacknowledged()).isLessThanOrEqualTo(MOST_READ);
    }
    assertThat(worker.consumer.paused()).containsExactly(FIRST);
    untilDone(worker, "e", 1900);
    assertThat(worker.consumer.paused()).isEmpty();
  }

  @Test
  void what_waits_for_its_turn_when_the_slot_goes_is_left_to_the_next_worker() {
    TestWorker worker = measured(oneShot("words"), "words");
    embeddings(FIRST, "words", "e", 800);
    for (int i = 0; i < 20; i++) {
      worker.round();
    }
    worker.consumer.revoke(FIRST);
    worker.run();
    worker.run();
    assertThat(worker.health.latest().inFlight()).isZero();
    long before = done("e");
    assertThat(before).isLessThan(400);
    worker.consumer.assign(FIRST);
    untilDone(worker, "e", 800);
    assertThat(worker.consumer.paused()).isEmpty();
  }

  @Test
  void draining_worker_leaves_what_waits_for_its_turn() {
    TestWorker worker = measured(oneShot("words"), "words");
    embeddings(FIRST, "words", "e", 800);
    for (int i = 0; i < 20; i++) {
      worker.round();
    }
    worker.loop.drain();
    worker.run();
    assertThat(worker.loop.drained()).isTrue();
    assertThat(done("e")).isBetween(100L, 400L);
    worker.close();
    assertThat(cluster.topics.committed(FIRST)).isEqualTo(100 + done("e"));
  }

  @Test
  void what_is_cancelled_while_it_waits_for_its_turn_is_not_run() {
    TestWorker worker = measured(oneShot("words"), "words");
    embeddings(FIRST, "words", "e", 400);
    for (int i = 0; i < 20; i++) {
      worker.round();
    }
    assertThat(cluster.outcome("e399")).isNull();
    Address last = new Address(Requests.CLIENT, "e399", true, null);
    cluster.outcomes.deliver(List.of(Outcomes.cancelled(last, cluster.now(), "/sdk")));
    untilDone(worker, "e", 399);
    worker.run();
    assertThat(cluster.outcome("e399").status()).isEqualTo(Status.CANCELLED);
    assertThat(worker.count("standing")).isEqualTo(1);
  }

  @Test
  void what_waits_for_its_turn_expires_in_time() {
    TestWorker worker = measured(oneShot("words"), "words");
    long begin = cluster.nanos();
    for (int i = 0; i < 400; i++) {
      cluster.append(
          FIRST,
          Requests.embeddings("e" + i, "x")
              .time(cluster.now())
              .slack(Duration.ofSeconds(3))
              .record());
    }
    for (int i = 0; cluster.outcomes.outcomes().size() < 100 + 400; i++) {
      assertThat(i).as("rounds").isLessThan(1000);
      worker.round();
    }
    assertThat(done("e")).isBetween(50L, 150L);
    assertThat(Duration.ofNanos(cluster.nanos() - begin)).isLessThan(Duration.ofSeconds(5));
  }
}
