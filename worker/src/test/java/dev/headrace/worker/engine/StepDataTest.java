package dev.headrace.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StepDataTest {
  @ParameterizedTest
  @CsvSource({
    "1, 1, 1, 256",
    "2, 256, 2, 256",
    "3, 257, 4, 512",
    "5, 512, 8, 512",
    "64, 513, 64, 1024",
    "65, 2048, 80, 2048",
    "256, 3000, 256, 4096"
  })
  void steps_are_padded_to_few_shapes(int segments, int reach, int count, int bound) {
    StepData padded = new StepData(segments, segments, segments, 1, reach).padded();
    assertThat(padded).isEqualTo(new StepData(count, count, count, 1, bound));
  }

  @Test
  void steps_with_prompts_or_without_logits_are_not_decoding() {
    assertThat(new StepData(2, 2, 2, 1, 9).decodes()).isTrue();
    assertThat(new StepData(2, 3, 2, 2, 9).decodes()).isFalse();
    assertThat(new StepData(2, 2, 1, 1, 9).decodes()).isFalse();
    assertThat(new StepData(257, 257, 257, 1, 9).decodes()).isFalse();
  }
}
