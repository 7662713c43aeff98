package dev.headrace.sdk.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.service.WorkerState;
import dev.headrace.sdk.OverloadedException;
import dev.headrace.sdk.SendFailedException;
import dev.headrace.sdk.internal.World.Told;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SenderTest {
  private final World world = new World();

  @Test
  void request_goes_to_the_topic_of_its_tier_as_it_was_given() {
    InferenceRequest request = world.request("a", "text");
    world.submit(request);

    world.send();

    assertThat(world.sent()).containsExactly(request);
  }

  @Test
  void request_submitted_before_gets_the_outcome_that_stands() {
    InferenceRequest request = world.request("key-1", "text");
    world.store.deliver(List.of(world.result(request, "first answer")));

    Told told = world.submit(request, true);
    world.send();

    assertThat(World.text(told.outcome())).isEqualTo("first answer");
    assertThat(world.sent()).isEmpty();
  }

  @Test
  void request_submitted_twice_at_once_is_sent_once_and_tells_both() {
    Told first = world.submit(world.request("key-1", "text"), true);
    Told second = world.submit(world.request("key-1", "text"), true);

    world.send();
    world.work();
    world.receive();

    assertThat(world.sent()).hasSize(1);
    assertThat(first.outcome()).isEqualTo(second.outcome());
  }

  @Test
  void without_redis_requests_still_go_to_kafka() {
    world.worker("w1", World.REVISION, WorkerState.READY);
    world.cacheResult("known");
    world.outage.begin();

    world.submit(world.request("a", "known"));
    world.submit(world.request("b", "other"), true);
    world.send();

    assertThat(world.sent()).extracting(InferenceRequest::id).containsExactly("a", "b");
  }

  @Test
  void refused_send_is_tried_again_until_it_is_taken() {
    world.producer.fail();
    Told told = world.submit("a");
    world.send();
    world.time.advance(Duration.ofSeconds(1));
    world.send();
    world.producer.failWith(null);
    world.time.advance(Duration.ofSeconds(1));
    world.send();

    assertThat(world.sent()).hasSize(1);
    assertThat(told.waits()).isTrue();
  }

  @Test
  void send_that_is_never_taken_fails_after_the_send_timeout() {
    world.producer.fail();
    Told told = world.submit("a");
    for (int i = 0; i < 31; i++) {
      world.send();
      world.time.advance(Duration.ofSeconds(1));
    }
    world.send();

    assertThat(told.failure())
        .isInstanceOf(SendFailedException.class)
        .hasMessageContaining("request a was not sent")
        .hasMessageContaining("fake broker is down")
        .hasCauseInstanceOf(dev.headrace.protocol.FailureException.class);
    assertThat(told.failure().requestId()).contains("a");
  }

  @Test
  void send_that_gets_no_answer_fails_after_the_send_timeout() {
    world.producer.hold();
    Told told = world.submit("a");
    world.send();
    world.time.advance(Duration.ofSeconds(31));
    world.receive();

    assertThat(told.failure())
        .isInstanceOf(SendFailedException.class)
        .hasMessageContaining("not acknowledged by Kafka within PT30S");
    world.producer.release(); // too late: nobody is told twice
    assertThat(told.times()).isEqualTo(1);
  }

  @Test
  void request_that_waited_too_long_in_the_queue_is_not_sent() {
    Told told = world.submit("a");
    world.time.advance(Duration.ofSeconds(31));
    world.send();

    assertThat(told.failure()).isInstanceOf(SendFailedException.class);
    assertThat(world.sent()).isEmpty();
  }

  @Test
  void send_that_cannot_succeed_fails_at_once() {
    world.producer.failWith(new Failure(ErrorCode.INPUT_TOO_LARGE, "record of 2 MB"));
    Told told = world.submit("a");
    world.send();

    assertThat(told.failure())
        .isInstanceOf(SendFailedException.class)
        .hasMessageContaining("record of 2 MB");
  }

  @Test
  void full_queue_refuses_after_the_wait_and_forgets_the_request() {
    World small = new World(Map.of("sdk.queue-requests", "1"));
    small.submit("a");
    Told second = small.submit("b");

    assertThat(second.failure())
        .isInstanceOf(OverloadedException.class)
        .hasMessage("request b was not taken: the queue of requests to send is full");
    assertThat(small.core.table().get("b")).isNull();
  }
}
