package dev.headrace.worker.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.worker.batch.Batch;
import dev.headrace.worker.batch.RowRef;
import java.util.List;
import org.junit.jupiter.api.Test;

class OnDeviceTest {
  private final OnDevice onDevice = new OnDevice();

  private static Batch batch(long owner) {
    return new Batch("m", List.of(new RowRef(owner, 0, 8, 0)), false);
  }

  @Test
  void patience_is_ten_times_the_longest_batch_or_the_longest_text() {
    assertThat(onDevice.patienceSeconds()).isZero();
    onDevice.add(batch(1), 0.5, false, 0);
    long longer = onDevice.add(batch(2), 2, false, 0);
    assertThat(onDevice.patienceSeconds()).isEqualTo(20);
    onDevice.add(batch(3), 30, true, 0);
    assertThat(onDevice.patienceSeconds()).isEqualTo(30);
    onDevice.add(batch(4), 1, true, 0);
    assertThat(onDevice.patienceSeconds()).isEqualTo(30);
    onDevice.failed(longer, 0);
    assertThat(onDevice.patienceSeconds()).isEqualTo(30);
  }
}
