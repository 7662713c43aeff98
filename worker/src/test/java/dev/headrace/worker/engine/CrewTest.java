package dev.headrace.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class CrewTest {
  @Test
  void every_part_runs_once_whatever_the_number_of_parts() {
    try (Crew crew = new Crew(3, () -> {})) {
      for (int parts = 0; parts < 40; parts++) {
        AtomicIntegerArray runs = new AtomicIntegerArray(40);
        crew.run(parts, (member, part) -> runs.incrementAndGet(part));
        for (int i = 0; i < 40; i++) {
          assertThat(runs.get(i)).isEqualTo(i < parts ? 1 : 0);
        }
      }
    }
  }

  @Test
  void members_run_at_the_same_time_each_under_its_own_number() {
    AtomicIntegerArray seen = new AtomicIntegerArray(3);
    CyclicBarrier all = new CyclicBarrier(3);
    try (Crew crew = new Crew(3, () -> {})) {
      crew.run(
          3,
          (member, part) -> {
            seen.incrementAndGet(member);
            meet(all);
          });
    }
    assertThat(seen.toString()).isEqualTo("[1, 1, 1]");
  }

  @Test
  void the_failure_of_a_part_reaches_the_owner_and_the_crew_lives_on() {
    AtomicInteger ran = new AtomicInteger();
    try (Crew crew = new Crew(2, () -> {})) {
      assertThatThrownBy(
              () ->
                  crew.run(
                      2,
                      (member, part) -> {
                        throw new IllegalStateException("part failed");
                      }))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("part failed");
      crew.run(10, (member, part) -> ran.incrementAndGet());
    }
    assertThat(ran).hasValue(10);
  }

  @Test
  void an_interrupt_waits_for_the_running_parts_and_is_kept() {
    AtomicInteger ran = new AtomicInteger();
    try (Crew crew = new Crew(2, () -> {})) {
      Thread.currentThread().interrupt();
      crew.run(10, (member, part) -> ran.incrementAndGet());
      assertThat(Thread.interrupted()).isTrue();
    }
    assertThat(ran).hasValue(10);
  }

  @Test
  void closing_ends_the_helpers() {
    Thread[] helper = new Thread[1];
    CyclicBarrier both = new CyclicBarrier(2);
    Crew crew = new Crew(2, () -> helper[0] = Thread.currentThread());
    crew.run(2, (member, part) -> meet(both));
    assertThat(helper[0].getName()).isEqualTo(Thread.currentThread().getName() + "-helper");
    crew.close();
    assertThat(helper[0].isAlive()).isFalse();
  }

  private static void meet(CyclicBarrier barrier) {
    try {
      barrier.await(10, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
