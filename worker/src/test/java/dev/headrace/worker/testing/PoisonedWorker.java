package dev.headrace.worker.testing;

import dev.headrace.protocol.Task;
import dev.headrace.protocol.config.Settings;
import dev.headrace.worker.WorkerProcess;
import dev.headrace.worker.device.BatchRunner;
import dev.headrace.worker.device.OneShotEngine;
import dev.headrace.worker.device.Row;
import dev.headrace.worker.device.RowOutput;
import dev.headrace.worker.device.ServedModel;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;

/**
 * A worker process that dies at once of a certain text, as of a crash in native code, and whose
 * tokenizer never comes back from another. Ends as {@code headrace worker} does.
 */
public final class PoisonedWorker {
  public static final String KILLER = "killer";
  public static final String ENDLESS = "endless";

  private PoisonedWorker() {}

  /** Runs a worker with these settings, as {@code key=value}. */
  public static void main(String[] args) throws InterruptedException {
    Map<String, String> settings = new HashMap<>();
    for (String arg : args) {
      int equals = arg.indexOf('=');
      settings.put(arg.substring(0, equals), arg.substring(equals + 1));
    }
    WorkerProcess worker =
        WorkerProcess.plan(Settings.of(settings))
            .start(
                () -> new OneShotEngine(new Runner(), System::nanoTime), new SimpleMeterRegistry());
    worker.app().awaitEnd(Duration.ofMinutes(5));
    worker.close();
    if (worker.app().stuck()) {
      Runtime.getRuntime().halt(3);
    }
  }

  /** Heeds no interrupt, as native code. */
  private static final class Model implements ServedModel {
    private final WordModel words = WordModel.named("words");

    @Override
    public String name() {
      return words.name();
    }

    @Override
    public String revision() {
      return words.revision();
    }

    @Override
    public Set<Task> tasks() {
      return words.tasks();
    }

    @Override
    public int dimension() {
      return words.dimension();
    }

    @Override
    public List<Row> rows(List<String> texts) {
      while (texts.contains(ENDLESS)) {
        LockSupport.parkNanos(100_000_000);
      }
      return words.rows(texts);
    }
  }

  private static final class Runner implements BatchRunner {
    private final FakeRunner healthy = new FakeRunner(new Model());

    @Override
    public List<ServedModel> models() {
      return healthy.models();
    }

    @Override
    public List<RowOutput> run(ServedModel model, List<Row> rows) {
      if (rows.stream().anyMatch(r -> ((WordModel.Words) r).text().equals(KILLER))) {
        Runtime.getRuntime().halt(137);
      }
      return healthy.run(model, rows);
    }

    @Override
    public long memoryFreeBytes() {
      return 0;
    }

    @Override
    public void close() {}
  }
}
