package dev.headrace.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.headrace.worker.engine.KvRuns.Move;
import dev.headrace.worker.engine.KvRuns.Run;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KvRunsTest {
  private static final int TOTAL = 37;

  /** A memory whose blocks hold the name of their run and their place in it. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void whatever_fits_by_number_fits_and_keeps_its_contents(long seed) {
    Random random = new Random(seed);
    KvRuns runs = new KvRuns(64, TOTAL);
    String[] blocks = new String[TOTAL];
    Map<Run, String> names = new LinkedHashMap<>();
    int moved = 0;
    for (int turn = 0; turn < 5_000; turn++) {
      Map<Run, Integer> wanted = new LinkedHashMap<>();
      int free = runs.memory().freeBlocks();
      if (random.nextBoolean() && free > 0) {
        Run run = new Run();
        names.put(run, "run" + turn);
        wanted.put(run, 1 + random.nextInt(Math.min(5, free)));
        free -= wanted.get(run);
      }
      for (Run run : names.keySet()) {
        int more = free == 0 ? 0 : random.nextInt(Math.min(3, free + 1));
        if (more > 0 && run.count() > 0) {
          wanted.put(run, run.count() + more);
          free -= more;
        }
      }
      Map<Run, Integer> had = new LinkedHashMap<>();
      names.keySet().forEach(run -> had.put(run, run.count()));
      List<Move> moves = runs.grow(wanted);
      for (Move move : moves) {
        System.arraycopy(blocks, move.from(), blocks, move.to(), move.count());
      }
      moved += moves.size();
      names.forEach((run, name) -> write(blocks, run, name, had.get(run)));
      assertThat(runs.memory().freeBlocks()).isEqualTo(free);
      check(blocks, names);
      List<Run> open = new ArrayList<>(names.keySet());
      if (!open.isEmpty() && random.nextInt(3) == 0) {
        Run run = open.get(random.nextInt(open.size()));
        int keep = random.nextInt(run.count() + 1);
        runs.shrink(run, keep);
        if (keep == 0) {
          names.remove(run);
        }
      }
    }
    assertThat(moved).as("runs that moved").isGreaterThan(100);
  }

  /** Only blocks that are new are written: the others must have come along. */
  private static void write(String[] blocks, Run run, String name, int had) {
    for (int i = had; i < run.count(); i++) {
      blocks[run.start() + i] = name + ":" + i;
    }
  }

  private static void check(String[] blocks, Map<Run, String> names) {
    names.forEach(
        (run, name) -> {
          for (int i = 0; i < run.count(); i++) {
            assertThat(blocks[run.start() + i]).isEqualTo(name + ":" + i);
          }
        });
  }

  @Test
  void a_run_grows_where_it_is_while_its_neighbour_is_far() {
    KvRuns runs = new KvRuns(64, 10);
    Run run = new Run();
    assertThat(runs.grow(Map.of(run, 1))).isEmpty();
    assertThat(runs.grow(Map.of(run, 10))).isEmpty();
    assertThat(run.count()).isEqualTo(10);
    assertThat(runs.memory().freeBlocks()).isZero();
  }

  @Test
  void more_than_is_free_is_refused() {
    KvRuns runs = new KvRuns(64, 3);
    assertThatIllegalStateException()
        .isThrownBy(() -> runs.grow(Map.of(new Run(), 4)))
        .withMessage("blocks: 4 (expected: <= 3 free)");
  }
}
