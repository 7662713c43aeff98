package dev.headrace.bench.gpu;

import dev.headrace.bench.Samples;
import dev.headrace.protocol.Failure;
import dev.headrace.worker.device.DeviceBatch;
import dev.headrace.worker.device.Engine;
import dev.headrace.worker.device.FinishedRow;
import dev.headrace.worker.device.Row;
import dev.headrace.worker.device.ServedModel;
import dev.headrace.worker.device.ServiceSample;
import dev.headrace.worker.encode.EncoderRunner;
import dev.headrace.worker.encode.EngineConfig;
import dev.headrace.worker.model.ModelCatalog;
import dev.headrace.worker.model.ModelDescription;
import dev.headrace.worker.model.Precision;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.ObjDoubleConsumer;

/** One large request on one GPU, and on a group that shares its rows; no pipeline around it. */
final class GroupSpeed {
  private static final int WARM_UP = 5;
  private static final int TIMES = 15;

  private final ModelDescription model;
  private final List<String> texts;

  /**
   * A benchmark.
   *
   * @param texts the request
   */
  GroupSpeed(ModelDescription model, List<String> texts) {
    this.model = model;
    this.texts = texts;
  }

  /** Milliseconds on each, and how many times as fast the group is. */
  void run(List<String> groups, ObjDoubleConsumer<String> figure) throws IOException {
    double first = 0;
    for (String devices : groups) {
      double millis = millis(devices);
      first = first == 0 ? millis : first;
      String key = devices.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", "");
      figure.accept("request_of_" + texts.size() + "_rows_ms_" + key, millis);
      figure.accept("group_speedup_" + key, first / millis);
    }
  }

  private double millis(String devices) throws IOException {
    EngineConfig config =
        new EngineConfig(devices, List.of(model.name()), "", Precision.BFLOAT16, 0);
    ModelCatalog catalog = ModelCatalog.builtIn().with(List.of(model));
    try (Engine engine = EncoderRunner.open(config, catalog, System::nanoTime)) {
      ServedModel served = engine.models().get(0);
      List<Row> rows = new ArrayList<>(served.rows(texts));
      rows.sort(Comparator.comparingInt(Row::length));
      double[] millis = new double[TIMES];
      for (int i = -WARM_UP; i < TIMES; i++) {
        long started = System.nanoTime();
        engine.admit(new DeviceBatch(i + WARM_UP, served, rows));
        Counter counter = new Counter();
        while (engine.busy()) {
          engine.step(counter);
        }
        if (counter.rows != rows.size()) {
          throw new IllegalStateException(
              "rows: " + counter.rows + " " + counter.failure + " (expected: " + rows.size() + ")");
        }
        if (i >= 0) {
          millis[i] = (System.nanoTime() - started) / 1e6;
        }
      }
      return new Samples(millis).median();
    }
  }

  private static final class Counter implements Engine.Listener {
    private int rows;
    private String failure = "";

    @Override
    public void finished(long batch, List<FinishedRow> finished) {
      rows += finished.size();
    }

    @Override
    public void failed(long batch, Failure why) {
      failure = why.toString();
    }

    @Override
    public void measured(ServiceSample sample) {}
  }
}
