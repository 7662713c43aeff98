package dev.headrace.sdk.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.Payload;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class SendQueueTest {
  private static final long LONG = Duration.ofMinutes(1).toNanos();

  private final World world = new World();

  private Submission submission(String id, int bytes) {
    InferenceRequest request = world.request(id, "t").withPayload(Payload.inline(new byte[bytes]));
    Pending.Limits limits = new Pending.Limits(Duration.ofSeconds(1), Duration.ofSeconds(1));
    return new Submission(
        request, Pending.of(request, new World.Told(), limits, world.time, world.time), false);
  }

  @Test
  void takes_in_order_and_at_most_so_many() throws Exception {
    SendQueue queue = new SendQueue(10, 1000);
    queue.offer(submission("a", 1), 0);
    queue.offer(submission("b", 1), 0);
    queue.offer(submission("c", 1), 0);

    assertThat(queue.take(2, 0)).extracting(s -> s.request().id()).containsExactly("a", "b");
    assertThat(queue.take(2, 0)).extracting(s -> s.request().id()).containsExactly("c");
    assertThat(queue.take(2, 0)).isEmpty();
    assertThat(queue.isEmpty()).isTrue();
  }

  @Test
  void bounded_by_number() throws Exception {
    SendQueue queue = new SendQueue(2, 1000);

    assertThat(queue.offer(submission("a", 1), 0)).isTrue();
    assertThat(queue.offer(submission("b", 1), 0)).isTrue();
    assertThat(queue.offer(submission("c", 1), 0)).isFalse();
    queue.take(1, 0);
    assertThat(queue.offer(submission("c", 1), 0)).isTrue();
  }

  @Test
  void bounded_by_bytes_but_one_of_any_size_fits_into_an_empty_queue() throws Exception {
    SendQueue queue = new SendQueue(100, 1000);

    assertThat(queue.offer(submission("a", 600), 0)).isTrue();
    assertThat(queue.offer(submission("b", 600), 0)).isFalse();
    assertThat(queue.offer(submission("c", 400), 0)).isTrue();
    queue.take(10, 0);
    assertThat(queue.offer(submission("d", 5000), 0)).isTrue();
    assertThat(queue.offer(submission("e", 1), 0)).isFalse();
  }

  @Test
  void waiting_offer_goes_on_when_there_is_room() throws Exception {
    SendQueue queue = new SendQueue(1, 1000);
    queue.offer(submission("a", 1), 0);
    CompletableFuture<Boolean> second =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return queue.offer(submission("b", 1), LONG);
              } catch (InterruptedException e) {
                return false;
              }
            });
    while (!queue.take(1, LONG).get(0).request().id().equals("b")) {
      // until the second has come through
    }

    assertThat(second.get(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void closing_ends_the_wait_for_room() throws Exception {
    SendQueue queue = new SendQueue(1, 1000);
    queue.offer(submission("a", 1), 0);
    queue.close();

    assertThat(queue.offer(submission("b", 1), LONG)).isFalse();
  }

  @Test
  void waking_ends_a_wait_that_comes_later() throws Exception {
    SendQueue queue = new SendQueue(1, 1000);
    queue.wake();

    assertThat(queue.take(1, LONG)).isEmpty();
  }
}
