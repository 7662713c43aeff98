package dev.headrace.worker.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LifeSignsTest {
  private static final String T0 = "2026-01-01T00:00:00Z";
  private static final String T1 = "2026-01-01T00:00:01Z";

  private final LifeSigns signs = new LifeSigns();

  @Test
  void one_heartbeat_shows_nothing_however_often_it_is_seen() {
    assertThat(signs.none()).isTrue();
    assertThat(signs.look(Map.of("a", T0))).isEmpty();
    assertThat(signs.look(Map.of("a", T0))).isEmpty();
    assertThat(signs.has("a")).isTrue();
    assertThat(signs.has("b")).isFalse();
    assertThat(signs.none()).isFalse();
  }

  @Test
  void sender_of_another_heartbeat_lives() {
    signs.look(Map.of("a", T0, "b", T0));
    assertThat(signs.look(Map.of("a", T0, "b", T1))).contains("b");
    assertThat(signs.look(Map.of("a", T0, "b", T1))).as("since the last look").isEmpty();
  }

  /** The sender's clock was set back, or it was started again on another machine. */
  @Test
  void earlier_time_is_another_heartbeat_too() {
    signs.look(Map.of("a", T1));
    assertThat(signs.look(Map.of("a", T0))).contains("a");
  }

  @Test
  void times_of_different_senders_are_not_compared() {
    signs.look(Map.of("a", T0));
    assertThat(signs.look(Map.of("b", T1))).isEmpty();
    assertThat(signs.has("a")).isFalse();
  }

  @Test
  void who_was_gone_for_a_look_begins_anew() {
    signs.look(Map.of("a", T0));
    signs.look(Map.of());
    assertThat(signs.none()).isTrue();
    assertThat(signs.look(Map.of("a", T1))).isEmpty();
  }

  @Test
  void what_the_caller_does_with_its_map_afterwards_changes_nothing() {
    Map<String, String> found = new HashMap<>(Map.of("a", T0));
    signs.look(found);
    found.put("a", T1);
    assertThat(signs.look(found)).contains("a");
  }
}
