package dev.headrace.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.worker.engine.Grouping.Group;
import dev.headrace.worker.text.TokenizedText;
import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class CudaLayoutTest {
  @Test
  void padded_rows_come_with_the_places_of_their_tokens() {
    List<TokenizedText> texts = List.of(text(7, 8), text(1, 2, 3), text(9));
    Group group = new Group(List.of(2, 0, 1), 3);
    IntBuffer data = IntBuffer.allocate(CudaLayout.ints(group));
    CudaLayout layout = CudaLayout.fill(data, texts, group);
    assertThat(layout).isEqualTo(new CudaLayout(3, 3, 6, false));
    assertThat(written(data, layout))
        .containsExactly(9, 0, 0, 7, 8, 0, 1, 2, 3, 1, 2, 3, 0, 3, 4, 6, 7, 8);
  }

  @Test
  void rows_of_one_length_need_no_places() {
    Group group = new Group(List.of(0, 1), 2);
    IntBuffer data = IntBuffer.allocate(CudaLayout.ints(group));
    CudaLayout layout = CudaLayout.fill(data, List.of(text(1, 2), text(3, 4)), group);
    assertThat(layout.packed()).isZero();
    assertThat(written(data, layout)).containsExactly(1, 2, 3, 4, 2, 2);
  }

  @Test
  void types_stand_at_the_end() {
    TokenizedText typed = new TokenizedText(new int[] {1, 2}, new int[] {0, 1}, false);
    Group group = new Group(List.of(0, 1), 2);
    IntBuffer data = IntBuffer.allocate(CudaLayout.ints(group));
    CudaLayout layout = CudaLayout.fill(data, List.of(typed, text(5)), group);
    assertThat(layout).isEqualTo(new CudaLayout(2, 2, 3, true));
    assertThat(written(data, layout)).containsExactly(1, 2, 5, 0, 2, 1, 0, 1, 2, 0, 1, 0, 0);
  }

  private static int[] written(IntBuffer data, CudaLayout layout) {
    assertThat(data.position()).isEqualTo(layout.used());
    return Arrays.copyOf(data.array(), layout.used());
  }

  private static TokenizedText text(int... ids) {
    return new TokenizedText(ids, false);
  }
}
