package dev.headrace.worker.encode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.headrace.worker.device.Row;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BatchSharesTest {
  private static List<Row> rows(int count, int length) {
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      rows.add(() -> length);
    }
    return rows;
  }

  private static List<Integer> sizes(List<List<Row>> parts) {
    return parts.stream().map(List::size).toList();
  }

  /** Runs what was split, at these speeds. */
  private static void done(BatchShares shares, List<List<Row>> parts, double... speeds) {
    for (int i = 0; i < speeds.length; i++) {
      long tokens = BatchShares.tokens(parts.get(i));
      if (tokens > 0) {
        shares.measured(i, tokens, tokens / speeds[i]);
      }
    }
  }

  @Test
  void devices_of_unknown_speed_get_the_same() {
    assertThat(sizes(new BatchShares(2).split(rows(200, 100)))).containsExactly(100, 100);
  }

  @Test
  void shares_follow_the_speed_that_was_measured() {
    BatchShares shares = new BatchShares(2);
    done(shares, shares.split(rows(400, 100)), 30_000, 10_000);
    assertThat(sizes(shares.split(rows(400, 100)))).containsExactly(300, 100);
  }

  @Test
  void a_device_that_gets_slower_gets_less() {
    BatchShares shares = new BatchShares(2);
    for (int i = 0; i < 5; i++) {
      done(shares, shares.split(rows(400, 100)), 10_000, 10_000);
    }
    for (int i = 0; i < 30; i++) {
      done(shares, shares.split(rows(400, 100)), 10_000, 5_000);
    }
    assertThat((double) sizes(shares.split(rows(400, 100))).get(0)).isCloseTo(266, within(3.0));
  }

  @Test
  void a_small_batch_is_not_split_and_goes_to_the_device_that_owes_least() {
    BatchShares shares = new BatchShares(2);
    List<List<Row>> first = shares.split(rows(1, 100));
    List<List<Row>> second = shares.split(rows(1, 100));
    assertThat(sizes(first)).containsExactlyInAnyOrder(0, 1);
    assertThat(sizes(second)).containsExactly(first.get(1).size(), first.get(0).size());
  }

  @Test
  void a_slow_device_is_left_out_where_its_part_would_be_small() {
    BatchShares shares = new BatchShares(2);
    done(shares, shares.split(rows(1000, 100)), 100_000, 1_000);
    assertThat(sizes(shares.split(rows(200, 100)))).containsExactly(200, 0);
  }

  @Test
  void every_row_goes_somewhere_in_order_whatever_the_speeds() {
    Random random = new Random(7);
    for (int round = 0; round < 200; round++) {
      BatchShares shares = new BatchShares(1 + random.nextInt(5));
      for (int batch = 0; batch < 20; batch++) {
        List<Row> rows = new ArrayList<>();
        for (int i = 1 + random.nextInt(300); i > 0; i--) {
          int length = 1 + random.nextInt(500);
          rows.add(() -> length);
        }
        List<List<Row>> parts = shares.split(rows);
        List<Row> joined = new ArrayList<>();
        parts.forEach(joined::addAll);
        assertThat(joined).as("round %d batch %d", round, batch).isEqualTo(rows);
        for (int i = 0; i < parts.size(); i++) {
          long tokens = BatchShares.tokens(parts.get(i));
          if (tokens > 0 && random.nextInt(4) > 0) {
            shares.measured(i, tokens, random.nextDouble());
          }
        }
      }
    }
  }
}
