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
  void several_threads_get_groups_of_at_most_half_their_share() {
    int[] lengths = new int[32];
    Arrays.fill(lengths, 32);
    assertThat(SMALL.split(lengths, 512)).hasSize(1);
    List<Group> shared = SMALL.split(lengths, 512, 2);
    assertThat(shared).hasSize(4).allMatch(g -> g.rows().size() == 8);
    assertThat(SMALL.split(new int[] {8, 8}, 512, 2)).hasSize(1);
  }
}
