package dev.headrace.transport.redis;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** What every crash ledger does; each test uses workers and requests of its own. */
abstract class CrashLedgerContract {
  private final String worker = Clients.next();
  private final String a = Clients.next() + "/a";
  private final String b = Clients.next() + "/b";

  abstract CrashLedger ledger();

  /** Gives the worker a heartbeat. */
  abstract void beat(String workerId);

  @Test
  void burial_counts_a_crash_for_each_request_of_the_mark() {
    ledger().started(worker, List.of(a, b));
    ledger().bury(List.of(worker));

    assertThat(ledger().crashes()).containsEntry(a, 1).containsEntry(b, 1);
  }

  @Test
  void second_burial_counts_nothing() {
    ledger().started(worker, List.of(a));
    ledger().bury(List.of(worker, worker));
    ledger().bury(List.of(worker));

    assertThat(ledger().crashes()).containsEntry(a, 1);
  }

  @Test
  void crashes_add_up_over_workers() {
    String other = Clients.next();
    ledger().started(worker, List.of(a));
    ledger().started(other, List.of(a));
    ledger().bury(List.of(worker, other));

    assertThat(ledger().crashes()).containsEntry(a, 2);
  }

  @Test
  void idle_worker_leaves_nothing_to_count() {
    ledger().started(worker, List.of(a));
    ledger().idle(worker);
    ledger().bury(List.of(worker));

    assertThat(ledger().crashes()).doesNotContainKey(a);
    assertThat(ledger().dead()).doesNotContain(worker);
  }

  @Test
  void next_batch_replaces_the_mark() {
    ledger().started(worker, List.of(a));
    ledger().started(worker, List.of(b));
    ledger().bury(List.of(worker));

    assertThat(ledger().crashes()).doesNotContainKey(a).containsEntry(b, 1);
  }

  @Test
  void mark_moves_on_from_its_oldest_names() {
    String c = Clients.next() + "/c";
    ledger().started(worker, List.of(a, b));
    assertThat(ledger().moved(worker, 1, List.of(c))).isEqualTo(2);
    ledger().bury(List.of(worker));

    assertThat(ledger().crashes()).doesNotContainKey(a).containsEntry(b, 1).containsEntry(c, 1);
  }

  @Test
  void mark_that_was_buried_moves_on_and_tells_that_names_are_missing() {
    ledger().started(worker, List.of(a, b));
    ledger().bury(List.of(worker));
    assertThat(ledger().moved(worker, 1, List.of(b))).isEqualTo(1);
    assertThat(ledger().dead()).contains(worker);
    ledger().bury(List.of(worker));

    assertThat(ledger().crashes()).containsEntry(a, 1).containsEntry(b, 2);
  }

  @Test
  void marked_worker_without_heartbeat_is_dead_until_it_is_buried() {
    String alive = Clients.next();
    beat(alive);
    ledger().started(alive, List.of(b));
    ledger().started(worker, List.of(a));

    assertThat(ledger().dead()).contains(worker).doesNotContain(alive);
    ledger().bury(List.of(worker));
    assertThat(ledger().dead()).doesNotContain(worker);
    ledger().idle(alive);
  }

  @Test
  void marks_of_all_others_are_told() {
    String other = Clients.next();
    ledger().started(worker, List.of(a));
    ledger().started(other, List.of(a, b));

    assertThat(ledger().marked(worker)).contains(a, b);
    assertThat(ledger().marked(other)).contains(a).doesNotContain(b);
    ledger().idle(other);
    assertThat(ledger().marked(worker)).doesNotContain(a, b);
    ledger().idle(worker);
  }

  @Test
  void forgotten_request_has_no_crashes() {
    ledger().started(worker, List.of(a));
    ledger().bury(List.of(worker));
    ledger().forget(a);
    ledger().forget(a);

    assertThat(ledger().crashes()).doesNotContainKey(a);
  }
}
