package dev.headrace.protocol.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsTest {
  private enum Colour {
    RED,
    GREEN
  }

  private static int size(Settings s) {
    return s.integer("worker.batch.max-size", 32, 1, 1024, "Rows of a batch.");
  }

  @Test
  void command_line_beats_environment_beats_file_beats_default() {
    Map<String, String> file = Map.of("worker.batch.max-size", "1");
    Map<String, String> environment = Map.of("HEADRACE_WORKER_BATCH_MAX_SIZE", "2");
    Map<String, String> commandLine = Map.of("worker.batch.max-size", "3");

    assertThat(size(new Settings(file, environment, commandLine))).isEqualTo(3);
    assertThat(size(new Settings(file, environment, Map.of()))).isEqualTo(2);
    assertThat(size(new Settings(file, Map.of(), Map.of()))).isEqualTo(1);
    assertThat(size(Settings.defaults())).isEqualTo(32);
  }

  @Test
  void all_problems_come_in_one_message_that_says_where_each_is_from() {
    Settings s =
        new Settings(
            Map.of("a.size", "many", "a.sise", "1", "zebra", "1"),
            Map.of("HEADRACE_WORKER_BATCH_MAX_SIZE", "0", "HEADRACE_HOME", "/x"),
            Map.of("a.wait", "5 minutes"));
    size(s);
    s.integer("a.size", 1, 0, 9, "");
    s.duration("a.wait", Duration.ofSeconds(1), Duration.ZERO, Duration.ofMinutes(1), "");

    assertThatThrownBy(() -> s.requireValid(List.of()))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            String.join(
                "\n",
                "worker.batch.max-size: 0 (expected: 1..1024; from environment"
                    + " HEADRACE_WORKER_BATCH_MAX_SIZE)",
                "a.size: many (expected: 0..9; from file)",
                "a.wait: 5 minutes (expected: 0ms..1m; from command line)",
                "a.sise: unknown setting (expected: perhaps a.size; from file)",
                "zebra: unknown setting (expected: a key of docs/configuration.md; from file)"));
  }

  @Test
  void wrong_value_leaves_the_default_so_that_reading_goes_on() {
    Settings s = Settings.of(Map.of("worker.batch.max-size", "-7"));

    assertThat(size(s)).isEqualTo(32);
  }

  @Test
  void keys_of_other_components_are_no_problem() {
    Settings s = Settings.of(Map.of("router.x", "1"));
    size(s);

    s.requireValid(List.of("router.x"));
  }

  @Test
  void secrets_are_shown_nowhere() {
    Settings s =
        Settings.of(
            Map.of(
                "redis.uri", "http://user:hunter2@pw@host:1",
                "db.uri", "redis://:hunter2@",
                "key", "hunter2"));
    s.uri("redis.uri", "redis://h", List.of("redis"), "");
    s.uri("db.uri", "redis://h", List.of("redis"), "");
    assertThat(s.secret("key", "A secret.")).isEqualTo("hunter2");

    assertThat(s.described().toString()).doesNotContain("hunter2");
    assertThatThrownBy(() -> s.requireValid(List.of()))
        .hasMessageContaining(
            "redis.uri: http://user:***@host:1 (expected: a URI with scheme redis")
        .hasMessageNotContaining("hunter2")
        .hasMessageNotContaining("pw@");
  }

  @ParameterizedTest
  @CsvSource({"0ms, 0", "250ms, 250", "30s, 30000", "5m, 300000", "2h, 7200000", "1d, 86400000"})
  void time_spans(String text, long millis) {
    assertThat(duration(text)).isEqualTo(Duration.ofMillis(millis));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "5", "5 s", "-1s", "1.5s", "5S", "99999999999999999999s", "9999999999999999d"})
  void what_is_no_time_span_is_a_problem(String text) {
    assertThatThrownBy(() -> duration(text)).isInstanceOf(ConfigException.class);
  }

  private static Duration duration(String text) {
    Settings s = Settings.of(Map.of("d", text));
    Duration d = s.duration("d", Duration.ofSeconds(1), Duration.ZERO, Duration.ofDays(9), "");
    s.requireValid(List.of());
    return d;
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "7B, 7", "1KiB, 1024", "3MiB, 3145728", "2GiB, 2147483648"})
  void sizes(String text, long bytes) {
    Settings s = Settings.of(Map.of("b", text));

    assertThat(s.bytes("b", "1B", "")).isEqualTo(bytes);
    s.requireValid(List.of());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "1KB", "-1", "1.5MiB", "99999999999GiB", "x"})
  void what_is_no_size_is_a_problem(String text) {
    Settings s = Settings.of(Map.of("b", text));

    assertThat(s.bytes("b", "1KiB", "")).isEqualTo(1024);
    assertThatThrownBy(() -> s.requireValid(List.of())).isInstanceOf(ConfigException.class);
  }

  @Test
  void other_kinds_of_values() {
    Settings s =
        Settings.of(
            Map.of(
                "flag", "true",
                "real", "0.5",
                "list", " a, b,,c ",
                "choice", "green",
                "text", "  x ",
                "pattern", "abc",
                "uri", "rediss://u:p@h:1/2"));

    assertThat(s.flag("flag", false, "")).isTrue();
    assertThat(s.real("real", 1, 0, 1, "")).isEqualTo(0.5);
    assertThat(s.list("list", List.of(), "")).containsExactly("a", "b", "c");
    assertThat(s.choice("choice", Colour.RED, c -> c.name().toLowerCase(java.util.Locale.ROOT), ""))
        .isEqualTo(Colour.GREEN);
    assertThat(s.text("text", "", "text", "")).isEqualTo("x");
    assertThat(s.text("pattern", "a", Pattern.compile("[a-c]+"), "letters", "")).isEqualTo("abc");
    assertThat(s.uri("uri", "redis://x", List.of("redis", "rediss"), "").getUserInfo())
        .isEqualTo("u:p");
    s.requireValid(List.of());
  }

  @Test
  void wrong_kinds_of_values_are_problems() {
    Settings s =
        Settings.of(
            Map.of(
                "flag", "yes",
                "real", "NaN",
                "choice", "blue",
                "text", " ",
                "pattern", "xyz",
                "uri", "redis://",
                "whole", "99999999999999999999"));
    s.flag("flag", false, "");
    s.real("real", 1, 0, 1, "");
    s.choice("choice", Colour.RED, Colour::name, "");
    s.text("text", "d", "text", "");
    s.text("pattern", "a", Pattern.compile("[a-c]+"), "letters", "");
    s.uri("uri", "redis://x", List.of("redis"), "");
    s.whole("whole", 1, 0, 9, "");

    assertThatThrownBy(() -> s.requireValid(List.of()))
        .extracting(e -> e.getMessage().lines().count())
        .isEqualTo(7L);
  }

  @Test
  void each_setting_describes_itself_with_its_default() {
    Settings s = Settings.defaults();
    size(s);
    s.duration("a.wait", Duration.ofSeconds(90), Duration.ZERO, Duration.ofDays(2), "A wait.");
    s.list("a.list", List.of("x", "y"), "A list.");

    assertThat(s.described())
        .containsExactly(
            new Setting("worker.batch.max-size", "1..1024", "32", "Rows of a batch."),
            new Setting("a.wait", "0ms..2d", "90s", "A wait."),
            new Setting("a.list", "texts with commas", "x,y", "A list."));
    assertThat(s.described().get(0).variable()).isEqualTo("HEADRACE_WORKER_BATCH_MAX_SIZE");
  }
}
