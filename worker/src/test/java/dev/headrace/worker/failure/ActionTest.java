package dev.headrace.worker.failure;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.ErrorKind;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ActionTest {
  @ParameterizedTest
  @CsvSource({
    "INVALID_REQUEST, DEAD_LETTER, DEAD_LETTER, SPLIT",
    "OVERLOADED,      RETRY,       RETRY,       RETRY",
    "TRANSIENT,       RETRY,       RETRY,       RETRY",
    "RESOURCE,        ELSEWHERE,   SHRINK,      SHRINK",
    "INTERNAL,        DEAD_LETTER, DEAD_LETTER, SPLIT",
    "FATAL,           STOP,        STOP,        STOP"
  })
  void kind_and_size_decide(ErrorKind kind, Action oneRow, Action oneRequest, Action several) {
    assertThat(Action.on(kind, 1, 1)).isEqualTo(oneRow);
    assertThat(Action.on(kind, 5, 1)).isEqualTo(oneRequest);
    assertThat(Action.on(kind, 5, 3)).isEqualTo(several);
  }
}
