package dev.headrace.worker.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.worker.mailbox.Mailbox;
import dev.headrace.worker.testing.FakeRunner;
import dev.headrace.worker.testing.WordModel;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class DeviceTest {
  private final WordModel model = WordModel.named("words");
  private final FakeRunner runner = new FakeRunner(model);
  private final Mailbox<DeviceBatch> mailbox = new Mailbox<>(8);
  private final Mailbox<RowDrop> drops = new Mailbox<>(8);
  private final Mailbox<Runnable> loop = new Mailbox<>(100);
  private final Heard heard = new Heard();
  private final Loading loading = new Loading();
  private long now;

  private static final class Heard implements DeviceListener {
    final List<String> models = new ArrayList<>();
    final Map<Long, List<FinishedRow>> finished = new HashMap<>();
    final Map<Long, List<RowProgress>> progress = new HashMap<>();
    double worked;
    final List<Boolean> available = new ArrayList<>();
    final Map<Long, Failure> failed = new HashMap<>();
    final List<ServiceSample> samples = new ArrayList<>();
    Failure lost;

    @Override
    public void opened(List<ServedModel> served) {
      served.forEach(m -> models.add(m.name()));
    }

    @Override
    public void finished(long batch, List<FinishedRow> rows) {
      finished.computeIfAbsent(batch, b -> new ArrayList<>()).addAll(rows);
    }

    @Override
    public void progressed(long batch, List<RowProgress> rows) {
      progress.computeIfAbsent(batch, b -> new ArrayList<>()).addAll(rows);
    }

    @Override
    public void available(boolean there) {
      available.add(there);
    }

    @Override
    public void worked(double seconds) {
      worked += seconds;
    }

    @Override
    public void failed(long batch, Failure failure) {
      failed.put(batch, failure);
    }

    @Override
    public void measured(ServiceSample sample, long memoryFreeBytes) {
      samples.add(sample);
    }

    @Override
    public void lost(Failure failure) {
      lost = failure;
    }
  }

  private DeviceAgent agent(EngineFactory factory) {
    return new DeviceAgent(
        "engine-test",
        factory,
        new DeviceAgent.Boxes(mailbox, drops, loop),
        heard,
        new Pulse(),
        loading,
        () -> now += 1_000_000);
  }

  private void listen() {
    for (Runnable call = loop.poll(0); call != null; call = loop.poll(0)) {
      call.run();
    }
  }

  private DeviceBatch batch(long id, String... texts) {
    return new DeviceBatch(id, model, model.rows(List.of(texts)));
  }

  private OneShotEngine oneShot(BatchRunner batchRunner) {
    return new OneShotEngine(batchRunner, () -> now += 500_000_000);
  }

  @Test
  void engine_that_is_being_opened_when_the_worker_ends_is_left_and_is_no_failure()
      throws Exception {
    CountDownLatch opening = new CountDownLatch(1);
    AtomicBoolean marked = new AtomicBoolean();
    DeviceAgent agent =
        agent(
            () -> {
              opening.countDown();
              new CountDownLatch(1).await(); // as what reads a file: an interrupt ends it
              return oneShot(runner);
            });
    Thread thread =
        new Thread(
            () -> {
              agent.doWork();
              agent.doWork(); // begins nothing more
              marked.set(Thread.currentThread().isInterrupted());
            });
    thread.start();
    opening.await();
    assertThat(loading.underWay()).isTrue();
    loading.leave();
    thread.join(20_000);
    assertThat(thread.isAlive()).isFalse();
    assertThat(loading.underWay()).isFalse();
    assertThat(loading.stays()).isFalse();
    assertThat(marked).as("the interrupt was for the load only").isFalse();
    listen();
    assertThat(heard.lost).isNull();
    assertThat(agent.drained()).isTrue();
    agent.close(Duration.ZERO);
  }

  @Test
  void engine_that_opens_all_the_same_is_closed() throws Exception {
    DeviceAgent agent =
        agent(
            () -> {
              loading.leave(); // in native code no interrupt is seen
              assertThat(loading.stays()).isTrue();
              return oneShot(runner);
            });
    agent.doWork();
    assertThat(Thread.currentThread().isInterrupted()).isFalse();
    assertThat(loading.stays()).isFalse();
    agent.close(Duration.ZERO);
    assertThat(runner.closed).isTrue();
  }

  @Test
  void batch_comes_back_with_its_share_of_the_time() {
    DeviceAgent agent = agent(() -> oneShot(runner));
    agent.doWork();
    mailbox.offer(batch(7, "a", "b c"));
    agent.doWork();
    listen();
    assertThat(heard.models).containsExactly("words");
    assertThat(heard.finished.get(7L))
        .extracting(FinishedRow::row, FinishedRow::deviceSeconds)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple(0, 0.25),
            org.assertj.core.groups.Tuple.tuple(1, 0.25));
    assertThat(heard.samples).containsExactly(new ServiceSample("words", 2, 2, 3, 0.5));
    agent.close(Duration.ZERO);
    assertThat(runner.closed).isTrue();
    assertThat(mailbox.offer(batch(8, "x"))).isFalse();
  }

  /** A device that computes beside the host: a batch is over when that was asked for so often. */
  private final class Beside extends FakeRunner implements StagedRunner {
    private final List<String> calls = new ArrayList<>();
    private int asked;

    Beside() {
      super(model);
    }

    @Override
    public int depth() {
      return 2;
    }

    @Override
    public List<RowOutput> run(ServedModel of, List<Row> rows) {
      return super.run(of, rows);
    }

    @Override
    public Running start(ServedModel of, List<Row> rows) {
      calls.add("start " + rows.size());
      return new Running() {
        @Override
        public List<RowOutput> await() {
          calls.add("await " + rows.size());
          return Beside.super.run(of, rows);
        }

        @Override
        public boolean done() {
          if (++asked == 3) {
            mailbox.offer(batch(2, "c", "d"));
          }
          return asked >= 10;
        }
      };
    }
  }

  @Test
  void batch_that_comes_while_another_runs_is_started_behind_it() {
    Beside beside = new Beside();
    DeviceAgent agent = agent(() -> new StagedEngine(beside, () -> now));
    agent.doWork();
    mailbox.offer(batch(1, "a"));
    agent.doWork();
    assertThat(beside.calls).containsExactly("start 1", "start 2", "await 1");
    agent.doWork();
    listen();
    assertThat(heard.finished).containsOnlyKeys(1L, 2L);
    assertThat(heard.worked).isPositive();
  }

  @Test
  void failure_of_a_batch_is_told_and_the_next_one_runs() {
    DeviceAgent agent = agent(() -> oneShot(runner));
    runner.failOn("bad", ErrorCode.OUT_OF_MEMORY);
    agent.doWork();
    mailbox.offer(batch(1, "bad"));
    mailbox.offer(batch(2, "good"));
    agent.doWork();
    agent.doWork();
    listen();
    assertThat(heard.failed.get(1L).code()).isEqualTo(ErrorCode.OUT_OF_MEMORY);
    assertThat(heard.finished).containsOnlyKeys(2L);
  }

  @Test
  void defect_in_a_runner_is_an_internal_error_of_its_batch() {
    FakeRunner wrongCount =
        new FakeRunner(model) {
          @Override
          public List<RowOutput> run(ServedModel m, List<Row> rows) {
            if (rows.size() == 1) {
              throw new IllegalStateException("defect");
            }
            return List.of();
          }
        };
    DeviceAgent agent = agent(() -> oneShot(wrongCount));
    agent.doWork();
    mailbox.offer(batch(1, "a"));
    mailbox.offer(batch(2, "a", "b"));
    agent.doWork();
    agent.doWork();
    listen();
    assertThat(heard.failed.get(1L).message()).contains("defect");
    assertThat(heard.failed.get(2L).message()).isEqualTo("engine: 0 outputs (expected: 2)");
  }

  @Test
  void engine_that_does_not_open_is_told_and_ends_the_thread() {
    DeviceAgent agent =
        agent(
            () -> {
              throw new java.io.IOException("no such file");
            });
    assertThatThrownBy(agent::doWork).hasMessageContaining("no such file");
    listen();
    assertThat(heard.lost.code()).isEqualTo(ErrorCode.DEVICE_LOST);
    assertThat(heard.lost.message()).contains("no such file");
    agent.close(Duration.ZERO);
  }

  /** Works by iterations, as text generation does: a row of n words takes n steps. */
  private static final class SteppingEngine implements Engine {
    private record Running(long batch, int row, Row input, int[] left) {}

    private final ServedModel model;
    private final ArrayDeque<Running> running = new ArrayDeque<>();
    private int most;

    SteppingEngine(ServedModel model) {
      this.model = model;
    }

    @Override
    public List<ServedModel> models() {
      return List.of(model);
    }

    @Override
    public boolean admits() {
      return running.size() < 4;
    }

    @Override
    public void admit(DeviceBatch batch) {
      for (int i = 0; i < batch.rows().size(); i++) {
        Row row = batch.rows().get(i);
        running.add(new Running(batch.id(), i, row, new int[] {row.length()}));
      }
      most = Math.max(most, running.size());
    }

    @Override
    public boolean busy() {
      return !running.isEmpty();
    }

    @Override
    public void step(Listener listener) {
      for (Running r : List.copyOf(running)) {
        if (--r.left()[0] == 0) {
          running.remove(r);
          FinishedRow row = new FinishedRow(r.row(), WordModel.output(r.input()), 0, 0.1);
          listener.finished(r.batch(), List.of(row));
        }
      }
    }

    @Override
    public long memoryFreeBytes() {
      return 0;
    }

    @Override
    public void close() {}
  }

  @Test
  void engine_by_iterations_admits_batches_while_others_run() {
    SteppingEngine engine = new SteppingEngine(model);
    DeviceAgent agent = agent(() -> engine);
    agent.doWork();
    mailbox.offer(batch(1, "one", "one two three four five six"));
    mailbox.offer(batch(2, "one", "one two"));
    for (int i = 0; i < 10; i++) {
      agent.doWork();
      listen();
      if (i == 3) {
        // The short rows of both are done, a long one of the first still runs.
        assertThat(heard.finished.get(1L)).hasSize(1);
        assertThat(heard.finished.get(2L)).hasSize(2);
      }
      if (!engine.busy() && mailbox.isEmpty()) {
        break;
      }
    }
    assertThat(heard.finished.get(1L)).hasSize(2);
    assertThat(engine.most).isGreaterThan(2);
  }
}
