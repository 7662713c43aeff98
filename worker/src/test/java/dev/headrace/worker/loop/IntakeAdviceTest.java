package dev.headrace.worker.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.naming.Topics;
import dev.headrace.worker.device.Concurrency;
import dev.headrace.worker.device.ServedModel;
import dev.headrace.worker.testing.FakeGenerator;
import dev.headrace.worker.testing.WordModel;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class IntakeAdviceTest {
  private static final String SHARE = Topics.shareGroup("l");

  private final ServedModel words = WordModel.named("words");
  private final ServedModel texts =
      new FakeGenerator("texts", new Concurrency(4, 1000)).models().get(0);

  private static Optional<String> advice(String group, int records, ServedModel... models) {
    return IntakeAdvice.of("l", group, records, List.of(models));
  }

  @Test
  void share_group_of_a_worker_that_generates_is_advised_against_by_name() {
    assertThat(advice(SHARE, 32, words, texts))
        .hasValueSatisfying(
            a ->
                assertThat(a)
                    .startsWith("worker.intake: share (expected: group")
                    .contains("here texts:")
                    .contains("worker.batch.max-rows = 1"));
  }

  @Test
  void what_holds_up_nothing_is_not_spoken_of() {
    assertThat(advice(SHARE, 32, words)).isEmpty();
    assertThat(advice(SHARE, 1, texts)).isEmpty();
    assertThat(advice(Topics.workGroup("l"), 32, texts)).isEmpty();
  }
}
