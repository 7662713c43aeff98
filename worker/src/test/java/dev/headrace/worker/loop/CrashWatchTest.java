package dev.headrace.worker.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.transport.redis.CrashLedger;
import dev.headrace.transport.testing.InMemoryCrashLedger;
import dev.headrace.transport.testing.Outage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CrashWatchTest {
  private final Outage outage = new Outage();
  private final InMemoryCrashLedger marks = new InMemoryCrashLedger(w -> true, outage);
  private final Counting ledger = new Counting(marks);
  private final StoreGate gate = new StoreGate(0, () -> 0);
  private final CrashWatch watch = new CrashWatch(ledger, gate, "w");
  private final RunningNames names = new RunningNames();

  private Set<String> marked() {
    return marks.marked("another");
  }

  @Test
  void of_many_requests_in_turn_each_is_told_once() {
    List<RunningNames.Name> rows = new ArrayList<>();
    int most = 0;
    for (int batch = 0; batch < 100; batch++) {
      for (int i = 0; i < 300; i++) {
        rows.add(names.join("r" + batch + "/" + i));
      }
      watch.running(names, false);
      most = Math.max(most, marked().size());
      if (batch >= 4) {
        for (RunningNames.Name over : rows.subList(0, 300)) {
          names.leave(over);
        }
        rows.subList(0, 300).clear();
      }
    }
    assertThat(marked()).contains("r99/0", "r99/299", "r96/0").doesNotContain("r94/0");
    assertThat(ledger.told).isEqualTo(30_000);
    assertThat(most).isEqualTo(1500);
  }

  @Test
  void a_mark_of_one_request_counts_as_alone_and_that_goes_when_others_join() {
    names.join("a");
    watch.running(names, true);
    assertThat(marked()).containsExactlyInAnyOrder("a", "alone:a");
    names.join("b");
    watch.running(names, false);
    assertThat(marked()).containsExactlyInAnyOrder("a", "b");
  }

  @Test
  void a_mark_that_another_buried_is_made_anew() {
    names.join("a");
    names.join("b");
    watch.running(names, false);
    marks.bury(List.of("w"));
    names.join("c");
    watch.running(names, false);
    assertThat(marked()).containsExactlyInAnyOrder("a", "b", "c");
  }

  @Test
  void what_could_not_be_told_is_told_with_the_next_batch() {
    RunningNames.Name a = names.join("a");
    watch.running(names, false);
    outage.begin();
    names.join("b");
    watch.running(names, false);
    outage.end();
    names.leave(a);
    names.join("c");
    watch.running(names, false);
    assertThat(marked()).containsExactlyInAnyOrder("b", "c");
  }

  @Test
  void a_mark_lingers_and_goes_when_nothing_runs() {
    watch.runOnce(0); // takes away what an earlier life left
    RunningNames.Name a = names.join("a");
    watch.running(names, false);
    names.leave(a);
    watch.idle(0);
    watch.runOnce(Duration.ofMillis(100).toNanos());
    assertThat(marked()).containsExactly("a");
    watch.runOnce(Duration.ofMillis(300).toNanos());
    assertThat(marked()).isEmpty();
    names.join("b");
    watch.running(names, false);
    assertThat(marked()).containsExactly("b");
  }

  /** How many names it was told. */
  private static final class Counting implements CrashLedger {
    private final CrashLedger ledger;
    private int told;

    Counting(CrashLedger ledger) {
      this.ledger = ledger;
    }

    @Override
    public void started(String workerId, List<String> requests) {
      told += requests.size();
      ledger.started(workerId, requests);
    }

    @Override
    public int moved(String workerId, int gone, List<String> come) {
      told += come.size();
      return ledger.moved(workerId, gone, come);
    }

    @Override
    public void idle(String workerId) {
      ledger.idle(workerId);
    }

    @Override
    public void bury(Collection<String> workerIds) {
      ledger.bury(workerIds);
    }

    @Override
    public List<String> dead() {
      return ledger.dead();
    }

    @Override
    public Set<String> marked(String exceptWorkerId) {
      return ledger.marked(exceptWorkerId);
    }

    @Override
    public Map<String, Integer> crashes() {
      return ledger.crashes();
    }

    @Override
    public void forget(String request) {
      ledger.forget(request);
    }
  }
}
