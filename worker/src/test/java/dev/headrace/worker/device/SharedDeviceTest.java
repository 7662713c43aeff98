package dev.headrace.worker.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headrace.protocol.Failure;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SharedDeviceTest {
  private long now;

  private record OneToken() implements Row {
    @Override
    public int length() {
      return 1;
    }
  }

  private record Model(String name) implements ServedModel {
    @Override
    public String revision() {
      return "1";
    }

    @Override
    public java.util.Set<dev.headrace.protocol.Task> tasks() {
      return java.util.Set.of();
    }
  }

  /** Always has work; a step takes its time. */
  private final class Greedy implements Engine {
    final ServedModel model;
    final long stepNanos;
    int steps;
    int left;
    boolean closed;

    Greedy(String name, long stepNanos) {
      this.model = new Model(name);
      this.stepNanos = stepNanos;
    }

    @Override
    public List<ServedModel> models() {
      return List.of(model);
    }

    @Override
    public boolean admits() {
      return left == 0;
    }

    @Override
    public void admit(DeviceBatch batch) {
      left = 1_000_000;
    }

    @Override
    public boolean busy() {
      return left > 0;
    }

    @Override
    public void step(Listener listener) {
      steps++;
      left--;
      now += stepNanos;
    }

    @Override
    public long memoryFreeBytes() {
      return 5;
    }

    @Override
    public void close() {
      closed = true;
      if (stepNanos == 13) {
        throw new IllegalStateException("close");
      }
    }
  }

  private static final Engine.Listener NOBODY =
      new Engine.Listener() {
        @Override
        public void finished(long batch, List<FinishedRow> rows) {}

        @Override
        public void failed(long batch, Failure failure) {}

        @Override
        public void measured(ServiceSample sample) {}
      };

  private static DeviceBatch batch(long id, ServedModel model) {
    return new DeviceBatch(id, model, List.of(new OneToken()));
  }

  @Test
  void engines_with_work_get_equal_time_whatever_their_steps_take() {
    Greedy coarse = new Greedy("coarse", 250_000_000);
    Greedy fine = new Greedy("fine", 10_000_000);
    SharedDevice device = new SharedDevice(List.of(coarse, fine), () -> now);
    device.admit(batch(1, coarse.model));
    device.admit(batch(2, fine.model));
    for (int i = 0; i < 2000; i++) {
      device.step(NOBODY);
    }
    double share = coarse.steps * 0.25 / (coarse.steps * 0.25 + fine.steps * 0.01);
    assertThat(share).isBetween(0.48, 0.52);
  }

  /** Runs a batch when it is admitted, as StagedEngine does with a runner that works at once. */
  private final class Eager implements Engine {
    final ServedModel model = new Model("eager");
    int ran;
    int left;

    @Override
    public List<ServedModel> models() {
      return List.of(model);
    }

    @Override
    public boolean admits() {
      return left == 0;
    }

    @Override
    public void admit(DeviceBatch batch) {
      now += 100_000_000;
      ran++;
      left++;
    }

    @Override
    public boolean busy() {
      return left > 0;
    }

    @Override
    public void step(Listener listener) {
      left--;
    }

    @Override
    public long memoryFreeBytes() {
      return 5;
    }

    @Override
    public void close() {}
  }

  @Test
  void engine_that_runs_what_it_admits_pays_for_it() {
    Eager eager = new Eager();
    Greedy fine = new Greedy("fine", 10_000_000);
    SharedDevice device = new SharedDevice(List.of(eager, fine), () -> now);
    device.admit(batch(1, fine.model));
    for (int i = 0; i < 2000; i++) {
      if (device.admits()) {
        device.admit(batch(2 + i, eager.model));
      }
      device.step(NOBODY);
    }
    assertThat(fine.steps * 10.0 / (eager.ran * 100)).isBetween(0.9, 1.1);
  }

  @Test
  void engine_that_paused_has_saved_up_no_time() {
    Greedy first = new Greedy("first", 10_000_000);
    Greedy late = new Greedy("late", 10_000_000);
    SharedDevice device = new SharedDevice(List.of(first, late), () -> now);
    device.admit(batch(1, first.model));
    for (int i = 0; i < 1000; i++) {
      device.step(NOBODY);
    }
    device.admit(batch(2, late.model));
    int before = first.steps;
    for (int i = 0; i < 100; i++) {
      device.step(NOBODY);
    }
    assertThat(first.steps - before).isBetween(49, 51);
  }

  @Test
  void batches_wait_before_an_engine_that_works_and_do_not_hold_up_the_other() {
    Greedy first = new Greedy("first", 1);
    Greedy other = new Greedy("other", 1);
    SharedDevice device = new SharedDevice(List.of(first, other), () -> now);
    for (int i = 0; i < 10; i++) {
      device.admit(batch(i, first.model));
    }
    device.admit(batch(10, other.model));
    assertThat(device.admits()).isTrue();
    device.step(NOBODY);
    device.step(NOBODY);
    device.step(NOBODY);
    assertThat(other.steps).isPositive();
  }

  @Test
  void same_name_twice_is_refused_and_all_are_closed_whatever_happens() {
    Greedy a = new Greedy("a", 13);
    Greedy b = new Greedy("b", 1);
    assertThatThrownBy(() -> new SharedDevice(List.of(a, new Greedy("a", 1)), () -> now))
        .hasMessageContaining("model a: in two engines");
    List<Engine> engines = new ArrayList<>(List.of(a, b));
    assertThatThrownBy(() -> new SharedDevice(engines, () -> now).close()).hasMessage("close");
    assertThat(b.closed).isTrue();
  }
}
