package dev.headrace.sdk.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.naming.RedisKeys;
import dev.headrace.sdk.SendFailedException;
import dev.headrace.sdk.internal.World.Told;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Bodies that travel by reference. */
class SenderLargeBodyTest {
  private final World world = new World();

  @Test
  void large_body_travels_by_reference() {
    InferenceRequest request = world.request("a", World.BIG);
    world.submit(request);
    world.send();

    String key = RedisKeys.blob(World.CLIENT, "a");
    assertThat(world.sent().get(0).payload().reference()).isEqualTo(key);
    assertThat(world.sent().get(0).size()).isEqualTo(request.size());
    assertThat(world.store.blob(key)).contains(request.payload().bytes());
  }

  @Test
  void large_body_waits_for_redis_and_does_not_hold_up_others() {
    world.outage.begin();
    world.submit(world.request("a", World.BIG));
    world.submit("b");
    world.send();
    assertThat(world.sent()).extracting(InferenceRequest::id).containsExactly("b");

    world.outage.end();
    world.time.advance(Duration.ofSeconds(3));
    world.send();
    assertThat(world.sent()).extracting(InferenceRequest::id).containsExactly("b", "a");
  }

  @Test
  void large_body_that_redis_never_takes_fails_after_the_send_timeout() {
    world.outage.begin();
    Told told = world.submit(world.request("a", World.BIG));
    for (int i = 0; i < 31; i++) {
      world.send();
      world.time.advance(Duration.ofSeconds(1));
    }
    world.send();

    assertThat(told.failure())
        .isInstanceOf(SendFailedException.class)
        .hasMessageContaining("fake store is down");
  }
}
