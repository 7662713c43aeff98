package dev.headrace.worker.encode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headrace.worker.device.BrokenModel;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BrokenModelsTest {
  private final BrokenModels broken = new BrokenModels();

  @AfterEach
  void clear() {
    Thread.interrupted();
  }

  @Test
  void model_that_cannot_be_read_is_noted_and_the_next_is_tried() {
    List<String> done = new ArrayList<>();
    assertThat(
            broken.tried(
                "bad",
                () -> {
                  throw new IOException("no weights");
                }))
        .isFalse();
    assertThat(broken.tried("good", () -> done.add("good"))).isTrue();
    assertThat(done).containsExactly("good");
    assertThat(broken.list())
        .extracting(BrokenModel::name, b -> b.failure().message())
        .containsExactly(org.assertj.core.groups.Tuple.tuple("bad", "bad: no weights"));
  }

  @Test
  void model_whose_load_was_interrupted_is_not_broken_and_no_other_is_begun() {
    assertThatThrownBy(
            () ->
                broken.tried(
                    "first",
                    () -> {
                      Thread.currentThread().interrupt();
                      throw new ClosedByInterruptException();
                    }))
        .isInstanceOf(CancellationException.class)
        .hasMessage("loading first: interrupted")
        .hasCauseInstanceOf(ClosedByInterruptException.class);
    List<String> begun = new ArrayList<>();
    assertThatThrownBy(() -> broken.tried("second", () -> begun.add("second")))
        .isInstanceOf(CancellationException.class);
    assertThat(begun).isEmpty();
    assertThat(broken.list()).isEmpty();
  }
}
