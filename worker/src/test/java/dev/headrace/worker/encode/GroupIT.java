package dev.headrace.worker.encode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.headrace.protocol.Failure;
import dev.headrace.worker.device.DeviceBatch;
import dev.headrace.worker.device.Engine;
import dev.headrace.worker.device.FinishedRow;
import dev.headrace.worker.device.Row;
import dev.headrace.worker.device.RowOutput;
import dev.headrace.worker.device.ServedModel;
import dev.headrace.worker.device.ServiceSample;
import dev.headrace.worker.model.ModelCatalog;
import dev.headrace.worker.model.Precision;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A group of real engines: here two on the CPU, for which the thread of each is what matters. */
class GroupIT {
  private static final String MODEL = "all-minilm-l6-v2";

  private static List<String> texts() {
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 160; i++) {
      texts.add("word " + i + " of a text that is as long as " + "water ".repeat(i % 120));
    }
    return texts;
  }

  private static List<float[]> run(String device) throws Exception {
    EngineConfig config = new EngineConfig(device, List.of(MODEL), "", Precision.FLOAT32, 1);
    List<float[]> vectors = new ArrayList<>();
    try (Engine engine = EncoderRunner.open(config, ModelCatalog.builtIn(), System::nanoTime)) {
      ServedModel model = engine.models().get(0);
      List<Row> rows = new ArrayList<>(model.rows(texts()));
      rows.sort(Comparator.comparingInt(Row::length));
      for (int batch = 0; batch < 2; batch++) {
        vectors.clear();
        engine.admit(new DeviceBatch(batch, model, rows));
        engine.step(
            new Engine.Listener() {
              @Override
              public void finished(long number, List<FinishedRow> finished) {
                finished.forEach(f -> vectors.add(((RowOutput.Vector) f.output()).values()));
              }

              @Override
              public void failed(long number, Failure failure) {
                throw new IllegalStateException(failure.toString());
              }

              @Override
              public void measured(ServiceSample sample) {
                assertThat(sample.rows()).isEqualTo(rows.size());
              }
            });
      }
    }
    return vectors;
  }

  @Test
  void a_group_gives_what_one_device_gives() throws Exception {
    List<float[]> one = run("cpu");
    List<float[]> group = run("cpu+cpu");
    assertThat(group).hasSameSizeAs(one).hasSize(160);
    for (int i = 0; i < one.size(); i++) {
      assertThat(group.get(i)).as("row %d", i).containsExactly(one.get(i), within(1e-5f));
    }
  }
}
