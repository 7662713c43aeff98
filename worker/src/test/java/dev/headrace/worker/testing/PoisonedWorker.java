package dev.headrace.worker.testing;

import dev.headrace.protocol.config.Settings;
import dev.headrace.worker.WorkerProcess;
import dev.headrace.worker.device.BatchRunner;
import dev.headrace.worker.device.OneShotEngine;
import dev.headrace.worker.device.Row;
import dev.headrace.worker.device.RowOutput;
import dev.headrace.worker.device.ServedModel;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/**
 * A worker process that dies at once of a certain text, as of a crash in native code, and whose
 * tokenizer never comes back from another. Ends as {@code headrace worker} does.
 */
public final class PoisonedWorker {
  public static final String KILLER = "killer";
  public static final String ENDLESS = "endless";

  private PoisonedWorker() {}

  /** Starts such a worker as a process of its own, which writes to this file. */
  public static Process start(Map<String, String> settings, String id, File log)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // It lives for seconds.
    command.addAll(List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(PoisonedWorker.class.getName());
    settings.forEach((k, v) -> command.add(k + "=" + v));
    command.add("worker.id=" + id);
    return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log).start();
  }

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
  private static final class Model extends ForwardingWords {
    @Override
    public List<Row> rows(List<String> texts) {
      while (texts.contains(ENDLESS)) {
        LockSupport.parkNanos(100_000_000);
      }
      return super.rows(texts);
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
