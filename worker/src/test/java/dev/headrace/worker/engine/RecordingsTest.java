package dev.headrace.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.worker.cuda.Recorder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class RecordingsTest {
  private final List<String> events = new ArrayList<>();
  private boolean fails;
  private boolean busy;

  /** Names what happens to it; the work gives nothing, so no libtorch is needed. */
  private final Recorder recorder =
      new Recorder() {
        private int number;

        @Override
        public <T> Optional<Recording<T>> record(Supplier<T> work, Consumer<T> discard) {
          if (busy) {
            return Optional.empty();
          }
          if (fails) {
            throw new IllegalStateException("cannot record");
          }
          T made = work.get();
          int own = ++number;
          events.add("record " + own);
          return Optional.of(
              new Recording<>() {
                @Override
                public T replay() {
                  events.add("replay " + own);
                  return made;
                }

                @Override
                public void close() {
                  events.add("close " + own);
                }
              });
        }

        @Override
        public void close() {}
      };

  @Test
  void work_is_recorded_once_it_came_often_enough() {
    Recordings<String, String> recordings = new Recordings<>(recorder, made -> {}, 2, 10);
    assertThat(recordings.replay("a", () -> "made")).isEmpty();
    assertThat(recordings.replay("b", () -> "made")).isEmpty();
    assertThat(recordings.replay("a", () -> "made")).isEmpty();
    assertThat(recordings.replay("a", () -> "made")).isPresent();
    assertThat(recordings.replay("a", () -> "made")).isPresent();
    assertThat(events).containsExactly("record 1", "replay 1", "replay 1");
    assertThat(recordings.size()).isEqualTo(1);
  }

  @Test
  void the_recording_used_least_recently_makes_room() {
    Recordings<String, String> recordings = new Recordings<>(recorder, made -> {}, 1, 2);
    for (String key : List.of("a", "a", "b", "b", "a", "c", "c")) {
      recordings.replay(key, () -> "made");
    }
    assertThat(events)
        .containsExactly(
            "record 1",
            "replay 1",
            "record 2",
            "replay 2",
            "replay 1",
            "close 2",
            "record 3",
            "replay 3");
    recordings.close();
    assertThat(events).endsWith("close 1", "close 3");
  }

  @Test
  void what_cannot_be_recorded_now_is_run_plainly_and_recorded_later() {
    Recordings<String, String> recordings = new Recordings<>(recorder, made -> {}, 0, 10);
    busy = true;
    assertThat(recordings.replay("a", () -> "made")).isEmpty();
    assertThat(recordings.replay("a", () -> "made")).isEmpty();
    busy = false;
    assertThat(recordings.replay("a", () -> "made")).contains("made");
    assertThat(events).containsExactly("record 1", "replay 1");
  }

  @Test
  void after_a_failure_all_is_run_plainly() {
    Recordings<String, String> recordings = new Recordings<>(recorder, made -> {}, 0, 10);
    assertThat(recordings.replay("a", () -> "made")).isPresent();
    fails = true;
    assertThat(recordings.replay("b", () -> "made")).isEmpty();
    fails = false;
    assertThat(recordings.replay("a", () -> "made")).isEmpty();
    assertThat(events).containsExactly("record 1", "replay 1", "close 1");
  }
}
