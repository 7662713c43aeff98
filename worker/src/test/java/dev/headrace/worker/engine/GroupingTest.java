package dev.headrace.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.worker.engine.Grouping.Group;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class GroupingTest {
  private static final Grouping SMALL = new Grouping(8, 1024, 8);

  @Test
  void rows_of_like_length_run_together() {
    List<Group> groups = new Grouping(8, 1024, 1).split(new int[] {100, 5, 99, 6}, 512);
    assertThat(groups).containsExactly(new Group(List.of(1, 3), 6), new Group(List.of(2, 0), 100));
  }

  @Test
  void high_overhead_keeps_the_batch_whole() {
    List<Group> groups = new Grouping(4096, 1 << 17, 1).split(new int[] {100, 5, 99, 6}, 512);
    assertThat(groups).containsExactly(new Group(List.of(1, 3, 2, 0), 100));
  }

  @Test
  void an_empty_batch_has_no_groups() {
    assertThat(SMALL.split(new int[0], 512)).isEmpty();
  }

  @Test
  void a_row_longer_than_a_group_may_be_runs_alone() {
    assertThat(new Grouping(8, 64, 1).split(new int[] {100, 100}, 512)).hasSize(2);
  }

  @Test
  void every_row_runs_once_within_the_limits_whatever_the_lengths() {
    long seed = 42;
    Random random = new Random(seed);
    for (int round = 0; round < 500; round++) {
      int limit = 1 + random.nextInt(512);
      int[] lengths = random.ints(random.nextInt(80), 1, limit + 1).toArray();
      List<Group> groups = SMALL.split(lengths, limit);
      List<Integer> rows = new ArrayList<>();
      for (Group group : groups) {
        rows.addAll(group.rows());
        int tokens = group.rows().size() * group.tokens();
        int longest = group.rows().stream().mapToInt(row -> lengths[row]).max().orElseThrow();
        assertThat(group.tokens()).isBetween(longest, Math.min(limit, longest + 7));
        assertThat(tokens % 8 == 0 || group.tokens() == limit).isTrue();
        assertThat(group.rows().size() == 1 || tokens <= 1024).isTrue();
      }
      assertThat(rows)
          .as("seed %s, round %s: %s", seed, round, Arrays.toString(lengths))
          .containsExactlyInAnyOrderElementsOf(IntStream.range(0, lengths.length).boxed().toList());
    }
  }

  @Test
  void several_threads_get_groups_with_which_they_are_done_together() {
    int[] lengths = new int[32];
    Arrays.fill(lengths, 32);
    assertThat(SMALL.split(lengths, 512)).hasSize(1);
    List<Group> shared = SMALL.split(lengths, 512, 2);
    assertThat(shared).hasSize(2).allMatch(g -> g.rows().size() == 16);
    assertThat(SMALL.split(new int[] {8, 8}, 512, 2)).hasSize(1);
  }

  /** Groups of at most half a thread's share, as they were before, leave 9 % idle here. */
  @Test
  void threads_are_hardly_ever_idle_with_rows_of_mixed_lengths() {
    Random random = new Random(7);
    double work = 0;
    double time = 0;
    for (int round = 0; round < 200; round++) {
      int longest = 40 + random.nextInt(200);
      int[] lengths = random.ints(32, longest * 3 / 4, longest + 1).toArray();
      List<Group> groups = new Grouping(8, 1024, 1).split(lengths, 512, 2);
      int[] ends = new int[2];
      for (int i = groups.size() - 1; i >= 0; i--) {
        Arrays.sort(ends);
        ends[0] += groups.get(i).rows().size() * groups.get(i).tokens();
      }
      work += Arrays.stream(lengths).sum();
      time += 2.0 * Math.max(ends[0], ends[1]);
    }
    assertThat(work / time).isGreaterThan(0.96);
  }
}
