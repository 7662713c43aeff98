package dev.headrace.worker.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.transport.kafka.Received;
import dev.headrace.transport.kafka.Slot;
import dev.headrace.worker.testing.Requests;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TurnsTest {
  private static final Slot ONE = new Slot("work", 1);
  private static final Slot TWO = new Slot("work", 2);

  private final Turns turns = new Turns();
  private int numbers;

  private Job add(Slot slot, String model) {
    Requests request = Requests.embeddings("r" + numbers, "x").model(model);
    Received received = new Received(slot, numbers, 0, 1, request.record());
    Job job = new Job(numbers++, received, request.build(), 0, 1);
    turns.add(job);
    return job;
  }

  private List<Long> let(int count) {
    List<Long> in = new ArrayList<>();
    turns.let(m -> in.size() < count, job -> in.add(job.number()));
    return in;
  }

  @Test
  void models_and_the_slots_of_a_model_take_turns_and_a_slot_keeps_its_order() {
    add(ONE, "a"); // 0
    add(ONE, "a"); // 1
    add(ONE, "a"); // 2
    add(ONE, "b"); // 3
    add(TWO, "a"); // 4
    add(TWO, "b"); // 5
    assertThat(let(100)).containsExactly(0L, 3L, 4L, 5L, 1L, 2L);
    assertThat(turns.isEmpty()).isTrue();
    assertThat(turns.slots()).isEmpty();
  }

  @Test
  void model_without_room_keeps_nobody_else_out() {
    add(ONE, "a");
    add(ONE, "b");
    add(ONE, "b");
    List<Long> in = new ArrayList<>();
    turns.let("b"::equals, job -> in.add(job.number()));
    assertThat(in).containsExactly(1L, 2L);
    assertThat(turns.models()).containsExactly("a");
    assertThat(turns.held(ONE)).isEqualTo(1);
  }

  @Test
  void what_is_over_is_forgotten_and_no_longer_counted() {
    Job gone = add(ONE, "a");
    add(ONE, "a");
    Job other = add(TWO, "a");
    gone.to(JobState.GONE);
    other.to(JobState.GONE);
    turns.retain(j -> !j.over());
    assertThat(turns.held(ONE)).isEqualTo(1);
    assertThat(turns.slots()).isEqualTo(Set.of(ONE));
    assertThat(let(100)).containsExactly(1L);
  }

  @Test
  void ten_thousand_of_one_model_do_not_keep_the_next_from_its_turn() {
    for (int i = 0; i < 10_000; i++) {
      add(ONE, "a");
    }
    Job late = add(ONE, "b");
    assertThat(let(3)).contains(late.number());
  }
}
