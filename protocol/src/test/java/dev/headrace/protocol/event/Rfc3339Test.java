package dev.headrace.protocol.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Rfc3339Test {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "2026-11-23T10:15:30Z",
        "2026-11-23T10:15:30.1Z",
        "2026-11-23T10:15:30.123456789Z",
        "2024-02-29T23:59:59Z",
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999999Z",
        "1969-12-31T23:59:59.5Z",
        "2026-11-23T10:15:30+02:00",
        "2026-11-23T10:15:30.5-00:30",
        "2026-11-23T10:15Z"
      })
  void times_are_read_as_the_jdk_reads_them(String text) {
    assertThat(Rfc3339.parse(text)).isEqualTo(OffsetDateTime.parse(text).toInstant());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "Z",
        "soon",
        "2026-11-23",
        "2026-11-23T10:15:30",
        "2026-11-23 10:15:30Z",
        "2026-13-23T10:15:30Z",
        "2026-02-30T10:15:30Z",
        "2023-02-29T10:15:30Z",
        "2026-11-23T24:00:01Z",
        "2026-11-23T10:60:30Z",
        "2026-11-23T10:15:60Z",
        "2026-11-23T10:15:30.1234567890Z",
        "2026-11-23T10:15:3xZ",
        "+026-11-23T10:15:30Z",
        "2026-11-23T10:15:30.-1Z",
        "٢٠٢٦-11-23T10:15:30Z"
      })
  void what_is_no_time_is_refused(String text) {
    assertThatThrownBy(() -> Rfc3339.parse(text)).isInstanceOf(DateTimeException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2026-11-23T10:15:30Z",
        "2026-11-23T10:15:30.100Z",
        "2026-11-23T10:15:30.000100Z",
        "2026-11-23T10:15:30.123456789Z",
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999999Z",
        "1969-12-31T23:59:59.500Z",
        "-0001-01-01T00:00:00Z",
        "+10000-01-01T00:00:00Z"
      })
  void times_are_written_as_the_jdk_writes_them(String text) {
    assertThat(Rfc3339.format(Instant.parse(text))).isEqualTo(text);
  }

  @Test
  void what_an_instant_writes_is_read_back() {
    Random random = new Random(1);
    for (int i = 0; i < 10_000; i++) {
      int nano = random.nextInt(1_000_000_000) / (int) Math.pow(10, random.nextInt(10));
      Instant time =
          Instant.ofEpochSecond(random.nextLong(-60_000_000_000L, 250_000_000_000L), nano);
      assertThat(Rfc3339.parse(time.toString())).isEqualTo(time);
    }
  }
}
