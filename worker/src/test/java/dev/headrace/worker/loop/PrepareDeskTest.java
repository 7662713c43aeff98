package dev.headrace.worker.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.Task;
import dev.headrace.transport.kafka.Received;
import dev.headrace.transport.kafka.Slot;
import dev.headrace.worker.mailbox.Mailbox;
import dev.headrace.worker.prepare.PrepareCall;
import dev.headrace.worker.testing.Requests;
import dev.headrace.worker.testing.WordModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** One preparing thread: at least two chunks of 64 bodies are with it, at most sixteen. */
class PrepareDeskTest {
  private static final long MILLI = 1_000_000;
  private static final WordModel WORDS = new WordModel("words", "1", Set.of(Task.EMBEDDINGS));

  private final Mailbox<PrepareCall> mailbox = new Mailbox<>(64);
  private final PrepareDesk desk = new PrepareDesk(mailbox, 1);
  private long now;
  private int numbers;

  private void come(int bodies) {
    for (int i = 0; i < bodies; i++) {
      Requests request = Requests.embeddings("r" + numbers, "x").model("words");
      Received received = new Received(new Slot("work", 0), numbers, 0, 1, request.record());
      desk.body(new Job(numbers++, received, request.build(), 0, 1), WORDS, 0);
    }
  }

  /** The loop comes round after so many milliseconds; how many bodies it hands over. */
  private int turn(int ms) {
    now += ms * MILLI;
    desk.flush(now);
    int bodies = 0;
    for (PrepareCall call = mailbox.poll(0); call != null; call = mailbox.poll(0)) {
      bodies += ((PrepareCall.Bodies) call).items().size();
    }
    return bodies;
  }

  /** With far more bodies waiting than it takes, grows the window until it does not. */
  private int widest() {
    come(10_000);
    int with = 0;
    for (int i = 0; i < 4; i++) {
      desk.back(with);
      with = turn(5);
    }
    assertThat(with).isEqualTo(1024);
    return with;
  }

  @Test
  void a_thread_that_is_done_before_the_loop_comes_round_gets_twice_as_many() {
    come(5000);
    List<Integer> handed = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      handed.add(turn(5));
      desk.back(handed.get(i));
    }
    assertThat(handed).containsExactly(128, 256, 512, 1024, 1024, 1024);
  }

  @Test
  void a_thread_that_was_never_short_of_bodies_gets_no_more() {
    for (int i = 0; i < 100; i++) {
      come(100);
      int handed = turn(5);
      assertThat(handed).isEqualTo(100);
      desk.back(handed);
    }
    come(1000);
    assertThat(turn(5)).isEqualTo(128);
  }

  @Test
  void a_thread_that_has_become_slow_gets_a_chunk_less_by_and_by() {
    int with = widest();
    for (int i = 0; i < 40; i++) { // a chunk in 25 ms
      desk.back(64);
      with += turn(25) - 64;
    }
    assertThat(with).isEqualTo(128);
  }

  @Test
  void the_loop_may_come_round_often_without_making_the_window_smaller() {
    int with = widest();
    for (int i = 0; i < 19; i++) {
      assertThat(turn(1)).isZero();
    }
    desk.back(with);
    assertThat(turn(1)).isEqualTo(1024);
  }
}
