package dev.headrace.worker.shelf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.service.ModelState;
import dev.headrace.worker.device.ModelOffer;
import dev.headrace.worker.shelf.ModelShelf.Step;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;

class ModelShelfTest {
  private static final Failure BROKEN = new Failure(ErrorCode.MODEL_NOT_LOADED, "broken");

  private static ModelOffer offer(String name, long bytes, boolean pinned) {
    return new ModelOffer(name, "r", Set.of(Task.EMBEDDINGS), bytes, pinned, null);
  }

  /** What the device says that it has. */
  private long room = Long.MAX_VALUE;

  private ModelShelf shelf(long budget, Set<String> loaded) {
    List<ModelOffer> offers =
        List.of(offer("a", 10, false), offer("b", 10, false), offer("p", 10, true));
    return new ModelShelf(budget, () -> room, offers, loaded, 0);
  }

  @Test
  void a_model_is_loaded_when_a_request_wants_it_and_not_before() {
    ModelShelf shelf = shelf(30, Set.of("p"));
    assertThat(shelf.next(0, m -> false)).isNull();
    assertThat(shelf.state("a", 0)).isEqualTo(ModelState.LOADABLE);
    shelf.want("a");
    assertThat(shelf.next(0, m -> false)).isEqualTo(new Step("a", true));
    assertThat(shelf.state("a", 0)).isEqualTo(ModelState.LOADING);
    assertThat(shelf.next(0, m -> false)).isNull();
    shelf.loaded("a", 1);
    assertThat(shelf.open("a")).isTrue();
  }

  @Test
  void the_one_used_least_recently_makes_room_and_a_pinned_one_never() {
    ModelShelf shelf = shelf(20, Set.of("p", "a"));
    shelf.want("b");
    assertThat(shelf.next(9, m -> false)).isEqualTo(new Step("a", false));
    shelf.unloaded("a");
    assertThat(shelf.next(9, m -> false)).isEqualTo(new Step("b", true));
  }

  @Test
  void a_model_in_use_stays_a_while_is_then_closed_and_leaves_when_it_is_done() {
    ModelShelf shelf = shelf(20, Set.of("p", "a"));
    shelf.want("b");
    assertThat(shelf.next(ModelShelf.STAY_NANOS - 1, m -> true)).isNull();
    assertThat(shelf.open("a")).isTrue();
    assertThat(shelf.next(ModelShelf.STAY_NANOS, m -> true)).isNull();
    assertThat(shelf.open("a")).isFalse();
    assertThat(shelf.next(ModelShelf.STAY_NANOS, m -> false)).isEqualTo(new Step("a", false));
  }

  @Test
  void when_memory_runs_out_the_idle_one_used_least_recently_goes_one_at_a_time() {
    ModelShelf shelf = shelf(30, Set.of("p", "a", "b"));
    shelf.used("a", 2);
    shelf.used("b", 1);
    assertThat(shelf.relieve(m -> m.equals("b"))).isEqualTo(new Step("a", false));
    assertThat(shelf.unloading()).isTrue();
    assertThat(shelf.relieve(m -> false)).isNull();
    shelf.unloaded("a");
    assertThat(shelf.relieve(m -> m.equals("b"))).isNull();
    assertThat(shelf.relieve(m -> false)).isEqualTo(new Step("b", false));
    shelf.unloaded("b");
    assertThat(shelf.relieve(m -> false)).isNull();
    assertThat(shelf.open("p")).isTrue();
  }

  @Test
  void a_model_that_was_to_leave_stays_when_nobody_waits_any_more() {
    ModelShelf shelf = shelf(20, Set.of("p", "a"));
    shelf.want("b");
    assertThat(shelf.next(ModelShelf.STAY_NANOS, m -> true)).isNull();
    shelf.unwant("b");
    assertThat(shelf.next(ModelShelf.STAY_NANOS, m -> true)).isNull();
    assertThat(shelf.open("a")).isTrue();
  }

  @Test
  void what_the_device_says_counts_beside_the_budget() {
    ModelShelf shelf = shelf(1000, Set.of("p", "a"));
    room = 9;
    shelf.used("p", 5);
    shelf.want("b");
    // The budget has room for all; the device's memory went elsewhere.
    assertThat(shelf.next(9, m -> false)).isEqualTo(new Step("a", false));
    shelf.unloaded("a");
    room = 10;
    assertThat(shelf.next(9, m -> false)).isEqualTo(new Step("b", true));
    shelf.loaded("b", 9);
    assertThat(shelf.takenBytes()).isEqualTo(20);
  }

  @Test
  void where_nothing_can_go_and_the_device_says_no_the_load_is_tried() {
    ModelShelf shelf = shelf(1000, Set.of("p"));
    room = 0;
    shelf.want("b");
    assertThat(shelf.next(9, m -> false)).isEqualTo(new Step("b", true));
    shelf.notLoaded("b", BROKEN, 9);
    assertThat(shelf.refusal("b", 9)).isEqualTo(BROKEN);
    ModelShelf full = shelf(10, Set.of("p"));
    full.want("b");
    assertThat(full.next(9, m -> false)).isNull();
  }

  @Test
  void a_model_in_use_is_waited_for_before_the_device_is_tried() {
    ModelShelf shelf = shelf(1000, Set.of("a"));
    room = 0;
    shelf.want("b");
    assertThat(shelf.next(ModelShelf.STAY_NANOS, m -> true)).isNull();
    assertThat(shelf.open("a")).isFalse();
    assertThat(shelf.next(ModelShelf.STAY_NANOS, m -> false)).isEqualTo(new Step("a", false));
  }

  @Test
  void a_failure_stands_for_a_while() {
    ModelShelf shelf = shelf(30, Set.of());
    shelf.want("a");
    shelf.next(0, m -> false);
    shelf.notLoaded("a", BROKEN, 5);
    assertThat(shelf.refusal("a", 5)).isEqualTo(BROKEN);
    assertThat(shelf.state("a", 5)).isEqualTo(ModelState.FAILED);
    assertThat(shelf.next(5, m -> false)).isNull();
    assertThat(shelf.refusal("a", 5 + ModelShelf.FAILURE_NANOS)).isNull();
  }

  /** The budget is kept, a model in use is never unloaded, and everyone gets a turn. */
  @Test
  void random_schedules_keep_the_budget_and_starve_nobody() {
    for (long seed = 0; seed < 300; seed++) {
      schedule(seed);
    }
  }

  private static void schedule(long seed) {
    Random random = new Random(seed);
    List<ModelOffer> offers = new ArrayList<>();
    Set<String> pinned = new HashSet<>();
    for (int i = 0; i < 5; i++) {
      boolean pin = i == 0 && random.nextBoolean();
      offers.add(offer("m" + i, 1 + random.nextInt(10), pin));
      if (pin) {
        pinned.add("m" + i);
      }
    }
    long budget = 20;
    Map<String, Long> bytes = new HashMap<>();
    offers.forEach(o -> bytes.put(o.name(), o.bytes()));
    Set<String> here = new HashSet<>(pinned);
    // Either the budget is the limit, or the device, which has as much and tells what is free.
    boolean byDevice = seed % 2 == 1;
    LongSupplier room =
        () -> byDevice ? budget - here.stream().mapToLong(bytes::get).sum() : Long.MAX_VALUE;
    ModelShelf shelf = new ModelShelf(byDevice ? Long.MAX_VALUE : budget, room, offers, pinned, 0);
    Map<String, Integer> inUse = new HashMap<>();
    Map<String, Long> wantedSince = new HashMap<>();
    Step running = null;
    for (long step = 0; step < 600; step++) {
      long now = step * ModelShelf.STAY_NANOS / 20;
      String model = "m" + random.nextInt(5);
      if (shelf.open(model)) {
        shelf.used(model, now);
        inUse.merge(model, 1, Integer::sum);
      } else if (shelf.refusal(model, now) == null) {
        shelf.want(model);
        wantedSince.putIfAbsent(model, step);
      }
      inUse.replaceAll((m, n) -> random.nextInt(3) == 0 ? 0 : n);
      if (running != null && random.nextInt(3) == 0) {
        end(shelf, running, random, now);
        if (running.load()) {
          wantedSince.remove(running.model());
          if (!shelf.open(running.model())) {
            here.remove(running.model());
          }
        } else {
          here.remove(running.model());
        }
        running = null;
      }
      Step next = shelf.next(now, m -> inUse.getOrDefault(m, 0) > 0);
      if (next != null) {
        assertThat(running).as("seed %d: one at a time", seed).isNull();
        running = next;
        if (next.load()) {
          here.add(next.model());
        } else {
          assertThat(inUse.getOrDefault(next.model(), 0)).as("seed %d: in use", seed).isZero();
          assertThat(pinned).as("seed %d: pinned", seed).doesNotContain(next.model());
        }
      }
      long taken = here.stream().mapToLong(bytes::get).sum();
      assertThat(taken).as("seed %d: budget", seed).isLessThanOrEqualTo(budget);
      for (long since : wantedSince.values()) {
        assertThat(step - since).as("seed %d: turns waited", seed).isLessThan(300);
      }
    }
  }

  private static void end(ModelShelf shelf, Step step, Random random, long now) {
    if (!step.load()) {
      shelf.unloaded(step.model());
    } else if (random.nextInt(10) == 0) {
      shelf.notLoaded(step.model(), BROKEN, now);
    } else {
      shelf.loaded(step.model(), now);
    }
  }
}
