package dev.headrace.worker.testing;

import dev.headrace.protocol.config.Settings;
import dev.headrace.worker.WorkerProcess;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/** A worker process with the models that its settings name; it says when it writes a text. */
public final class ModelWorker {
  /** Printed once a text of a request has had a step on the device. */
  public static final String WRITING = "writing a text";

  private ModelWorker() {}

  /** Runs a worker with these settings, as {@code key=value}. */
  public static void main(String[] args) throws InterruptedException {
    Map<String, String> settings = new HashMap<>();
    for (String arg : args) {
      int equals = arg.indexOf('=');
      settings.put(arg.substring(0, equals), arg.substring(equals + 1));
    }
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    WorkerProcess worker = WorkerProcess.plan(Settings.of(settings)).start(registry);
    Runtime.getRuntime().addShutdownHook(new Thread(worker::close, "stop"));
    while (!worker.app().health().ready() || worker.app().health().inFlight() == 0) {
      Thread.sleep(20);
    }
    // Steps that were taken before are those of the warm-up.
    long before = steps(registry);
    while (steps(registry) == before) {
      Thread.sleep(20);
    }
    System.out.println(WRITING);
    worker.app().awaitEnd(Duration.ofMinutes(10));
  }

  private static long steps(SimpleMeterRegistry registry) {
    return registry.get("headrace.worker.step.texts").summary().count();
  }
}
