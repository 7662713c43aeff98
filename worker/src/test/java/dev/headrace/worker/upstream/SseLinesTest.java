package dev.headrace.worker.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SseLinesTest {
  private final List<String> events = new ArrayList<>();
  private final SseLines lines = new SseLines(events::add);

  private void feed(String... all) {
    for (String line : all) {
      lines.line(line);
    }
  }

  @Test
  void data_lines_make_an_event_at_the_empty_line() {
    feed("event: x", "data: {\"a\":", "data:1}", "id: 7", "", "", "data: b", "");
    assertThat(events).containsExactly("{\"a\":\n1}", "b");
  }

  @Test
  void comments_are_read_over_and_the_last_event_needs_no_empty_line() {
    feed(": keep-alive", "", "data: [DONE]");
    assertThat(events).isEmpty();
    lines.end();
    lines.end();
    assertThat(events).containsExactly("[DONE]");
  }

  @Test
  void empty_data_is_an_event_and_only_one_space_is_cut() {
    feed("data:", "", "data:  two", "");
    assertThat(events).containsExactly("", " two");
  }
}
