package dev.headrace.router.loop;

import static dev.headrace.policy.testing.RequestBuilder.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.InferenceRequest;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * What the dear lane takes while load rises: the cheap one does a request a second at best, and has
 * a window of 2 s; requests have 6 s.
 */
class OverflowLoopTest {
  private static final Duration DEADLINE = Duration.ofSeconds(6);
  private static final int WINDOW = 2;

  private final LoopRig rig = new LoopRig();
  private int sent;

  /** Requests that the cheap lane had not done when the dear one was given work. */
  private final Set<Integer> cheapHad = new HashSet<>();

  /** So many requests a second for so long; the cheap lane does one a second, while it has any. */
  private void load(double perSecond, int seconds) {
    int before = sent;
    for (int tick = 1; tick <= seconds * 10; tick++) {
      while (sent - before < perSecond * tick / 10) {
        rig.publish(request("r" + sent++).within(DEADLINE));
      }
      int dear = rig.work("fast").size();
      int waiting = cheapWaiting();
      rig.run(Duration.ofMillis(90), Duration.ofMillis(10));
      if (rig.work("fast").size() > dear) {
        cheapHad.add(Math.max(waiting, cheapWaiting()));
      }
      rig.done.put("fast", rig.work("fast").size());
      if (tick % 10 == 0 && cheapWaiting() > 0) {
        rig.done.merge("slow", 1, Integer::sum);
      }
    }
  }

  private int cheapWaiting() {
    return rig.work("slow").size() - rig.done.getOrDefault("slow", 0);
  }

  private List<String> reasons() {
    return rig.work("fast").stream().map(r -> r.assignment().reason()).distinct().toList();
  }

  @Test
  void dear_lane_gets_nothing_while_the_cheap_one_can_do_all_in_time() {
    rig.twoLanes();
    load(0.5, 20);
    load(0.9, 40);
    assertThat(rig.work("fast")).isEmpty();
    assertThat(rig.work("slow")).hasSizeGreaterThanOrEqualTo(sent - 1);
  }

  @Test
  void dear_lane_gets_the_rest_of_a_load_that_the_cheap_one_is_full_with() {
    rig.twoLanes();
    for (double perSecond : new double[] {1.5, 2, 4}) {
      int cheap = rig.work("slow").size();
      int all = sent;
      load(perSecond, 40);
      // One a second is all that it can do; what it has in its window may be more or less.
      assertThat(rig.work("slow").size() - cheap)
          .as("%s a second", perSecond)
          .isBetween(40 - WINDOW, 40 + WINDOW + 1);
      assertThat(rig.work("slow").size() + rig.work("fast").size()).isGreaterThan(all);
    }
    assertThat(reasons()).containsExactly("overflow");
    assertThat(cheapHad).as("full whenever the dear one got work").isSubsetOf(WINDOW, WINDOW + 1);
    assertThat(rig.work("fast").stream().map(InferenceRequest::id)).doesNotHaveDuplicates();
    // And when load falls, nothing any more.
    load(0.2, 10);
    int dear = rig.work("fast").size();
    load(0.9, 40);
    assertThat(rig.work("fast")).hasSize(dear);
  }
}
