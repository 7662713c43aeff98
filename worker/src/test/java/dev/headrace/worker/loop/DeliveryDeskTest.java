package dev.headrace.worker.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.FailureException;
import dev.headrace.transport.testing.Samples;
import dev.headrace.worker.mailbox.Mailbox;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class DeliveryDeskTest {
  private final Mailbox<List<DeliveryCall>> mailbox = new Mailbox<>(1);
  private final DeliveryDesk desk = new DeliveryDesk(mailbox);
  private final List<String> done = new ArrayList<>();

  private DeliveryCall call(String name) {
    return new DeliveryCall.Deliver(Samples.outcome("c", name, "x"), null, () -> done.add(name));
  }

  @Test
  void a_turns_calls_go_in_one_piece_and_count_until_they_are_done() {
    desk.give(call("a"));
    desk.give(call("b"));
    assertThat(mailbox.isEmpty()).isTrue();
    assertThat(desk.flush()).isEqualTo(2);
    assertThat(desk.flush()).isZero();
    List<DeliveryCall> calls = mailbox.poll(0);
    assertThat(calls).hasSize(2);
    assertThat(desk.pending()).isEqualTo(2);

    desk.delivered(List.of(calls.get(1).done()));
    assertThat(done).containsExactly("b");
    assertThat(desk.pending()).isEqualTo(1);
  }

  @Test
  void what_finds_no_room_goes_later_and_keeps_its_order() {
    desk.give(call("a"));
    desk.flush();
    desk.give(call("b"));
    assertThat(desk.flush()).as("no room").isZero();
    desk.give(call("c"));
    mailbox.poll(0);
    assertThat(desk.flush()).isEqualTo(2);
    mailbox.poll(0).forEach(c -> c.done().run());
    assertThat(done).containsExactly("b", "c");
    assertThat(desk.pending()).isEqualTo(3);
  }

  @Test
  void redis_is_away_until_it_answers_every_thread_again() {
    desk.storeAnswers(false);
    desk.storeAnswers(false);
    desk.storeAnswers(true);
    assertThat(desk.storeDown()).isTrue();
    desk.storeAnswers(true);
    assertThat(desk.storeDown()).isFalse();
  }

  @Test
  void a_thread_that_ends_ends_the_loop() {
    Failure failure = new Failure(ErrorCode.INTERNAL_ERROR, "deliver-x: broken");
    assertThatThrownBy(() -> desk.deliveryFailed(failure))
        .isInstanceOf(FailureException.class)
        .hasMessageContaining("deliver-x: broken");
  }
}
