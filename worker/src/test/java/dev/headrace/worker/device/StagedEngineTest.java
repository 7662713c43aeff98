package dev.headrace.worker.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.Task;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class StagedEngineTest {
  private final List<String> calls = new ArrayList<>();
  private final List<ServiceSample> samples = new ArrayList<>();
  private final List<Long> finished = new ArrayList<>();
  private final List<Failure> failures = new ArrayList<>();
  private final Set<Integer> over = new HashSet<>();
  private long now;
  private final StagedEngine engine = new StagedEngine(new Runner(), () -> now);

  @Test
  void the_next_batch_is_started_before_the_first_is_awaited() {
    engine.admit(batch(1));
    assertThat(engine.admits()).isTrue();
    engine.admit(batch(2));
    assertThat(engine.admits()).isFalse();
    assertThat(calls).containsExactly("start", "start");
    step();
    assertThat(finished).containsExactly(1L);
    assertThat(engine.admits()).isTrue();
    step();
    assertThat(finished).containsExactly(1L, 2L);
    assertThat(engine.busy()).isFalse();
  }

  @Test
  void a_step_is_due_when_the_batch_that_was_started_first_is_over() {
    assertThat(engine.due()).isTrue();
    engine.admit(batch(1));
    engine.admit(batch(2));
    assertThat(engine.due()).isFalse();
    over.add(2);
    assertThat(engine.due()).isFalse();
    over.add(1);
    assertThat(engine.due()).isTrue();
  }

  @Test
  void a_step_is_due_when_the_first_batch_could_not_be_started() {
    engine.admit(batch(Runner.BROKEN));
    assertThat(engine.due()).isTrue();
  }

  @Test
  void a_batch_is_billed_from_the_end_of_the_one_before() {
    engine.admit(batch(1));
    engine.admit(batch(2));
    now = 1_000_000_000L;
    step();
    now = 3_000_000_000L;
    step();
    assertThat(samples).extracting(ServiceSample::seconds).containsExactly(1.0, 2.0);
  }

  @Test
  void a_batch_that_does_not_start_fails_alone_and_in_turn() {
    engine.admit(batch(1));
    engine.admit(batch(Runner.BROKEN));
    step();
    assertThat(failures).isEmpty();
    step();
    assertThat(finished).containsExactly(1L);
    assertThat(failures).extracting(Failure::code).containsExactly(ErrorCode.OUT_OF_MEMORY);
  }

  @Test
  void too_many_batches_are_refused() {
    engine.admit(batch(1));
    engine.admit(batch(2));
    assertThatThrownBy(() -> engine.admit(batch(3)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("batch 3 while 2 run");
  }

  private void step() {
    engine.step(
        new Engine.Listener() {
          @Override
          public void finished(long batch, List<FinishedRow> rows) {
            finished.add(batch);
          }

          @Override
          public void failed(long batch, Failure failure) {
            failures.add(failure);
          }

          @Override
          public void measured(ServiceSample sample) {
            samples.add(sample);
          }
        });
  }

  private static DeviceBatch batch(int rows) {
    List<Row> all = new ArrayList<>();
    for (int i = 0; i < rows; i++) {
      all.add(() -> 3);
    }
    return new DeviceBatch(rows, new Model(), all);
  }

  private final class Runner implements StagedRunner {
    /** A batch of this many rows does not fit. */
    static final int BROKEN = 9;

    @Override
    public int depth() {
      return 2;
    }

    @Override
    public Running start(ServedModel model, List<Row> rows) {
      calls.add("start");
      if (rows.size() == BROKEN) {
        throw new FailureException(ErrorCode.OUT_OF_MEMORY, "too large");
      }
      List<RowOutput> outputs = new ArrayList<>();
      rows.forEach(r -> outputs.add(new RowOutput.Vector(new float[] {1})));
      return new Running() {
        @Override
        public List<RowOutput> await() {
          return outputs;
        }

        @Override
        public boolean done() {
          return over.contains(rows.size());
        }
      };
    }

    @Override
    public List<ServedModel> models() {
      return List.of(new Model());
    }

    @Override
    public long memoryFreeBytes() {
      return 0;
    }

    @Override
    public void close() {}
  }

  private record Model() implements ServedModel {
    @Override
    public String name() {
      return "m";
    }

    @Override
    public String revision() {
      return "0";
    }

    @Override
    public Set<Task> tasks() {
      return Set.of(Task.EMBEDDINGS);
    }

    @Override
    public int dimension() {
      return 1;
    }

    @Override
    public List<Row> rows(List<String> texts) {
      return List.of();
    }
  }
}
