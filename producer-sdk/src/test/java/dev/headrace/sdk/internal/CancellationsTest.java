package dev.headrace.sdk.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Status;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class CancellationsTest {
  private final World world = new World();
  private final Cancellations cancellations =
      new Cancellations(world.store, world.core.table(), world.time, "/me");

  private Pending pending(String id) {
    Pending.Limits limits = new Pending.Limits(Duration.ofSeconds(1), Duration.ofSeconds(1));
    return Pending.of(world.request(id, "t"), new World.Told(), limits, world.time, world.time);
  }

  @Test
  void what_was_asked_for_is_done_once() {
    cancellations.ask(pending("a"));
    cancellations.ask(pending("b"));
    cancellations.deliver();

    assertThat(cancellations.isEmpty()).isTrue();
    assertThat(world.store.outcomes()).extracting(Outcome::id).containsExactly("a", "b");
    assertThat(world.store.outcomes()).allMatch(o -> o.status() == Status.CANCELLED);
  }

  @Test
  void what_redis_did_not_take_is_asked_for_again() {
    cancellations.ask(pending("a"));
    world.outage.begin();
    assertThatThrownBy(cancellations::deliver).isInstanceOf(FailureException.class);
    assertThat(cancellations.isEmpty()).isFalse();
    world.outage.end();
    cancellations.deliver();

    assertThat(world.store.outcomes()).hasSize(1);
  }
}
