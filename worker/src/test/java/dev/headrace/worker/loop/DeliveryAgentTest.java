package dev.headrace.worker.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headrace.protocol.Failure;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.event.RequestCodec;
import dev.headrace.protocol.naming.Topics;
import dev.headrace.transport.delivery.Delivery;
import dev.headrace.transport.delivery.DeliveryConfig;
import dev.headrace.transport.redis.DeliveryStore;
import dev.headrace.transport.redis.OutcomeStore;
import dev.headrace.transport.testing.FakeProducer;
import dev.headrace.transport.testing.ForwardingOutcomeStore;
import dev.headrace.transport.testing.InMemoryOutcomeStore;
import dev.headrace.transport.testing.InMemoryResultCache;
import dev.headrace.transport.testing.Outage;
import dev.headrace.transport.testing.Samples;
import dev.headrace.transport.testing.TwoStores;
import dev.headrace.worker.mailbox.Mailbox;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class DeliveryAgentTest {
  private final AtomicLong nanos = new AtomicLong();
  private final Outage outage = new Outage();
  private final InMemoryOutcomeStore store = new InMemoryOutcomeStore(outage);
  private final FakeProducer producer = new FakeProducer();
  private final Mailbox<List<DeliveryCall>> calls = new Mailbox<>(4);
  private final Mailbox<Runnable> loop = new Mailbox<>(16);
  private final List<String> told = new ArrayList<>();

  private final DeliveryListener listener =
      new DeliveryListener() {
        @Override
        public void delivered(List<Runnable> done) {
          done.forEach(Runnable::run);
        }

        @Override
        public void storeAnswers(boolean answers) {
          told.add(answers ? "up" : "down");
        }

        @Override
        public void deliveryFailed(Failure failure) {
          told.add(failure.message());
        }
      };

  private DeliveryAgent agent(OutcomeStore to) {
    DeliveryConfig config = new DeliveryConfig(true, 1024, Duration.ZERO, Duration.ofMillis(200));
    DeliveryStore both = new TwoStores(to, new InMemoryResultCache(nanos::get, outage));
    return new DeliveryAgent(
        "deliver-x",
        new Delivery(both, producer, config, nanos::get),
        new WorkerMetrics(
            new SimpleMeterRegistry(), "x", "w", () -> WorkerHealth.starting(Instant.EPOCH)),
        new DeliveryAgent.Boxes(calls, loop),
        listener);
  }

  private Runnable done(String what) {
    return () -> told.add(what);
  }

  private void run(DeliveryAgent agent) {
    for (int i = 0; i < 5; i++) {
      agent.step(0);
      nanos.addAndGet(Duration.ofSeconds(1).toNanos());
    }
    for (Runnable call = loop.poll(0); call != null; call = loop.poll(0)) {
      call.run();
    }
  }

  @Test
  void every_kind_of_call_is_done_on_the_loops_side() {
    Outcome outcome = Samples.outcome("c", "a", "x");
    Outcome failed = Samples.outcome("c", "d", "x");
    var record = RequestCodec.encode(Samples.request("c", "r"));
    DeliveryAgent agent = agent(store);
    calls.offer(
        List.of(
            new DeliveryCall.Deliver(outcome, null, done("delivered")),
            new DeliveryCall.Append(Topics.retry(Duration.ofMillis(200)), record, done("retry")),
            new DeliveryCall.DeadLetter(record, failed, null, done("letter")),
            new DeliveryCall.DeadLetter(record, null, null, done("unreadable")),
            new DeliveryCall.Confirm(
                new OutcomeStore.Delivered(false, outcome, true), null, done("standing"))));
    assertThat(agent.drained()).isFalse();
    agent.step(0);
    assertThat(told).as("the loop runs what follows, not this thread").isEmpty();

    run(agent);
    assertThat(told)
        .containsExactlyInAnyOrder("delivered", "retry", "letter", "unreadable", "standing");
    assertThat(store.outcomes()).containsExactlyInAnyOrder(outcome, failed);
    assertThat(producer.records(Topics.DEAD_LETTERS)).hasSize(2);
    assertThat(agent.drained()).isTrue();
  }

  @Test
  void the_loop_hears_once_when_redis_goes_and_once_when_it_is_back() {
    DeliveryAgent agent = agent(store);
    outage.begin();
    calls.offer(
        List.of(new DeliveryCall.Deliver(Samples.outcome("c", "a", "x"), null, done("done"))));
    run(agent);
    assertThat(told).containsExactly("down");
    assertThat(agent.drained()).isFalse();

    outage.end();
    run(agent);
    assertThat(told).containsExactlyInAnyOrder("down", "up", "done");
  }

  @Test
  void what_it_cannot_go_on_after_is_told_before_it_ends() {
    DeliveryAgent agent =
        agent(
            new ForwardingOutcomeStore(store) {
              @Override
              public List<Delivered> deliver(List<Outcome> outcomes) {
                throw new IllegalStateException("broken");
              }
            });
    calls.offer(
        List.of(new DeliveryCall.Deliver(Samples.outcome("c", "a", "x"), null, done("done"))));
    assertThatThrownBy(() -> agent.step(0)).isInstanceOf(IllegalStateException.class);
    Runnable call = loop.poll(0);
    assertThat(call).isNotNull();
    call.run();
    assertThat(told).hasSize(1).first().asString().contains("deliver-x").contains("broken");
  }
}
