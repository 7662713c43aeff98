package dev.headrace.worker.encode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.worker.device.Row;
import dev.headrace.worker.device.RowOutput;
import dev.headrace.worker.device.ServedModel;
import dev.headrace.worker.device.StagedRunner;
import dev.headrace.worker.model.Precision;
import dev.headrace.worker.testing.WordModel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class GroupRunnerTest {
  private static final EngineConfig TWO =
      new EngineConfig("cuda:0+cuda:1", List.of("words"), "", Precision.FLOAT32, 0);

  private final Map<String, Device> devices = new ConcurrentHashMap<>();

  /** A row that knows its place. */
  private record Numbered(int number, int length) implements Row {}

  private static List<Row> rows(int count) {
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      rows.add(new Numbered(i, 100));
    }
    return rows;
  }

  /** Gives each row its number back; all calls must come from one thread. */
  private static final class Device implements StagedRunner {
    private final Thread owner = Thread.currentThread();
    private final CountDownLatch together;
    private volatile ErrorCode failure = ErrorCode.UNKNOWN_MODEL;
    private volatile boolean fails;
    private volatile int ran;
    private volatile boolean closed;

    Device(CountDownLatch together) {
      this.together = together;
    }

    @Override
    public int depth() {
      return 2;
    }

    @Override
    public Running start(ServedModel model, List<Row> rows) {
      assertThat(Thread.currentThread()).isSameAs(owner);
      return () -> {
        assertThat(Thread.currentThread()).isSameAs(owner);
        together.countDown();
        try {
          together.await();
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
        if (fails) {
          throw new FailureException(failure, "on purpose");
        }
        ran += rows.size();
        List<RowOutput> outputs = new ArrayList<>();
        rows.forEach(r -> outputs.add(new RowOutput.Vector(new float[] {((Numbered) r).number()})));
        return outputs;
      };
    }

    @Override
    public List<ServedModel> models() {
      return List.of(WordModel.named("words"));
    }

    @Override
    public long memoryFreeBytes() {
      return 7;
    }

    @Override
    public void close() {
      assertThat(Thread.currentThread()).isSameAs(owner);
      closed = true;
    }
  }

  private GroupRunner open(CountDownLatch together) throws IOException {
    return GroupRunner.open(
        TWO,
        one -> {
          Device device = new Device(together);
          devices.put(one.device(), device);
          return device;
        },
        System::nanoTime);
  }

  private static List<Float> numbers(List<RowOutput> outputs) {
    return outputs.stream().map(o -> ((RowOutput.Vector) o).values()[0]).toList();
  }

  @Test
  void a_large_batch_runs_on_all_devices_at_the_same_time_and_comes_back_in_order()
      throws Exception {
    // Each waits for the other: one after the other would hang.
    try (GroupRunner group = open(new CountDownLatch(2))) {
      List<Row> rows = rows(400);
      List<RowOutput> outputs = group.run(group.models().get(0), rows);
      List<Float> expected = new ArrayList<>();
      rows.forEach(r -> expected.add((float) ((Numbered) r).number()));
      assertThat(numbers(outputs)).isEqualTo(expected);
      assertThat(devices.get("cuda:0").ran).isEqualTo(200);
      assertThat(devices.get("cuda:1").ran).isEqualTo(200);
      assertThat(group.memoryFreeBytes()).isEqualTo(14);
    }
    assertThat(devices.values()).allMatch(d -> d.closed);
  }

  @Test
  void several_batches_may_be_under_way() throws Exception {
    try (GroupRunner group = open(new CountDownLatch(0))) {
      StagedRunner.Running one = group.start(group.models().get(0), rows(300));
      StagedRunner.Running two = group.start(group.models().get(0), rows(100));
      assertThat(one.await()).hasSize(300);
      assertThat(two.await()).hasSize(100);
    }
  }

  @Test
  void what_fails_on_one_device_fails_the_batch_and_a_lost_device_is_told_first() throws Exception {
    try (GroupRunner group = open(new CountDownLatch(0))) {
      devices.get("cuda:0").fails = true;
      devices.get("cuda:0").failure = ErrorCode.OUT_OF_MEMORY;
      assertThatThrownBy(() -> group.run(group.models().get(0), rows(400)))
          .isInstanceOfSatisfying(
              FailureException.class,
              e -> assertThat(e.failure().code()).isEqualTo(ErrorCode.OUT_OF_MEMORY));
      devices.get("cuda:1").fails = true;
      devices.get("cuda:1").failure = ErrorCode.DEVICE_LOST;
      assertThatThrownBy(() -> group.run(group.models().get(0), rows(400)))
          .isInstanceOfSatisfying(
              FailureException.class,
              e -> assertThat(e.failure().code()).isEqualTo(ErrorCode.DEVICE_LOST));
      devices.values().forEach(d -> d.fails = false);
      assertThat(group.run(group.models().get(0), rows(400))).hasSize(400);
    }
  }

  @Test
  void a_device_that_does_not_open_closes_the_others_and_is_named() {
    assertThatThrownBy(
            () ->
                GroupRunner.open(
                    TWO,
                    one -> {
                      if (one.device().equals("cuda:1")) {
                        throw new IOException("no such device");
                      }
                      Device device = new Device(new CountDownLatch(0));
                      devices.put(one.device(), device);
                      return device;
                    },
                    System::nanoTime))
        .isInstanceOf(IOException.class)
        .hasMessage("cuda:1: no such device");
    assertThat(devices.get("cuda:0").closed).isTrue();
  }
}
