package dev.headrace.transport.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.TreeSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class OffsetTrackerTest {
  private final OffsetTracker tracker = new OffsetTracker();

  @Test
  void nothing_received_means_nothing_to_commit() {
    assertThat(tracker.position()).isEqualTo(-1);
    assertThat(tracker.inFlight()).isZero();
  }

  @Test
  void position_is_the_lowest_offset_that_is_not_done() {
    for (long offset : new long[] {5, 6, 9}) {
      tracker.received(offset);
    }
    assertThat(tracker.position()).isEqualTo(5);
    tracker.done(6);
    assertThat(tracker.position()).isEqualTo(5);
    tracker.done(5);
    assertThat(tracker.position()).isEqualTo(9);
    tracker.done(9);
    assertThat(tracker.position()).isEqualTo(10);
  }

  @Test
  void what_is_done_behind_the_position_is_counted() {
    assertThat(tracker.doneAhead()).isZero();
    for (long offset = 5; offset < 10; offset++) {
      tracker.received(offset);
    }
    assertThat(tracker.doneAhead()).isZero();
    tracker.done(7);
    tracker.done(9);
    assertThat(tracker.doneAhead()).isEqualTo(2);
    tracker.done(5);
    assertThat(tracker.position()).isEqualTo(6);
    assertThat(tracker.doneAhead()).isEqualTo(2);
    tracker.done(6);
    assertThat(tracker.position()).isEqualTo(8);
    assertThat(tracker.doneAhead()).isEqualTo(1);
    tracker.done(8);
    assertThat(tracker.doneAhead()).isZero();
  }

  @Test
  void what_lies_between_records_is_passed_and_never_left_open() {
    tracker.passed(3); // markers only, before any record
    assertThat(tracker.position()).isEqualTo(3);
    tracker.received(3);
    tracker.received(5);
    tracker.passed(7); // behind 5 a marker at 6
    assertThat(tracker.position()).isEqualTo(3);
    assertThat(tracker.doneAhead()).as("the markers at 4 and 6").isEqualTo(2);
    tracker.done(5);
    tracker.done(3);
    assertThat(tracker.position()).isEqualTo(7);
    tracker.passed(6);
    assertThat(tracker.position()).as("never back").isEqualTo(7);
  }

  @Test
  void metadata_of_a_commit_may_be_anything() {
    assertThat(DoneAhead.read(DoneAhead.write(12))).isEqualTo(12);
    assertThat(DoneAhead.write(0)).isEmpty();
    for (String foreign : new String[] {null, "", "x", "done-ahead=", "done-ahead=-3", "12"}) {
      assertThat(DoneAhead.read(foreign)).isZero();
    }
  }

  @Test
  void offsets_that_were_not_received_are_ignored() {
    tracker.received(5);
    tracker.received(9);
    for (long offset : new long[] {4, 7, 10}) {
      tracker.done(offset);
    }
    assertThat(tracker.position()).isEqualTo(5);
    assertThat(tracker.inFlight()).isEqualTo(2);
  }

  @Test
  void offset_that_goes_back_is_refused() {
    tracker.received(5);

    assertThat(tracker.accepts(5)).isFalse();
    assertThatThrownBy(() -> tracker.received(5)).hasMessageContaining("expected: >= 6");
  }

  @Property
  void position_never_passes_what_is_open(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 60) int count) {
    OffsetTracker t = new OffsetTracker();
    java.util.Random random = new java.util.Random(seed);
    TreeSet<Long> open = new TreeSet<>();
    long next = random.nextInt(100);
    long end = -1;
    for (int i = 0; i < count * 4; i++) {
      if (random.nextBoolean()) {
        t.received(next);
        open.add(next);
        end = next + 1;
        next += 1 + random.nextInt(3);
      } else {
        long offset = Math.max(0, next - random.nextInt(20));
        t.done(offset);
        open.remove(offset);
      }
      assertThat(t.position()).isEqualTo(open.isEmpty() ? end : open.first());
      assertThat(t.inFlight()).isEqualTo(open.size());
    }
  }
}
