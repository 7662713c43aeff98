package dev.headrace.worker.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RunningNamesTest {
  private final RunningNames names = new RunningNames();

  @Test
  void a_request_runs_until_its_last_row_left() {
    RunningNames.Name row = names.join("a");
    names.join("a");
    names.leave(row);
    assertThat(names.running()).isEqualTo(1);
    names.leave(row);
    assertThat(names.running()).isZero();
  }

  @Test
  void oldest_names_that_are_over_go() {
    RunningNames.Name a = names.join("a");
    RunningNames.Name b = names.join("b");
    names.join("c");
    assertThat(names.change()).isEqualTo(new RunningNames.Change(0, List.of("a", "b", "c")));
    names.leave(a);
    names.leave(b);
    names.join("d");
    assertThat(names.change()).isEqualTo(new RunningNames.Change(2, List.of("d")));
    assertThat(names.size()).isEqualTo(2);
  }

  @Test
  void a_name_behind_one_that_runs_stays_and_is_told_once() {
    names.join("a");
    RunningNames.Name b = names.join("b");
    names.change();
    names.leave(b);
    names.join("b");
    assertThat(names.hasNew()).isFalse();
    names.join("c");
    assertThat(names.change()).isEqualTo(new RunningNames.Change(0, List.of("c")));
  }

  @Test
  void names_behind_one_that_runs_long_do_not_pile_up() {
    names.join("long");
    for (int i = 0; i < 1000; i++) {
      names.leave(names.join("short " + i));
    }
    assertThat(names.stale()).isTrue();
    assertThat(names.all()).containsExactly("long");
    assertThat(names.stale()).isFalse();
  }

  /** A ledger that only follows the changes names all that run, and few besides. */
  @Test
  void a_ledger_that_follows_names_all_that_run() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    List<String> ledger = new ArrayList<>();
    Deque<RunningNames.Name> rows = new ArrayDeque<>();
    List<String> open = new ArrayList<>();
    for (int turn = 0; turn < 2000; turn++) {
      for (int i = random.nextInt(8); i > 0; i--) {
        String name = "r" + (turn + random.nextInt(3));
        rows.add(names.join(name));
        open.add(name);
      }
      if (names.stale()) {
        ledger = new ArrayList<>(names.all());
      } else {
        RunningNames.Change change = names.change();
        ledger.subList(0, change.gone()).clear();
        ledger.addAll(change.come());
      }
      Set<String> running = new HashSet<>(open);
      assertThat(ledger)
          .as("seed %d turn %d", seed, turn)
          .doesNotHaveDuplicates()
          .containsAll(running)
          .hasSize(names.size())
          .hasSizeLessThanOrEqualTo(2 * running.size() + 256);
      assertThat(names.running()).isEqualTo(running.size());
      for (int i = random.nextInt(8); i > 0 && !rows.isEmpty(); i--) {
        boolean first = random.nextInt(10) > 0;
        names.leave(first ? rows.removeFirst() : rows.removeLast());
        open.remove(first ? 0 : open.size() - 1);
      }
    }
  }
}
