package dev.headrace.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.worker.generate.session.DecoderSession;
import dev.headrace.worker.model.Precision;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;

/** The decoders as a GPU runs them, each decoding step padded, recorded and replayed. */
class RecordedDecodersIT extends DecodersIT {
  private final RerunRecorder recorder = new RerunRecorder(false);

  @Override
  DecoderSession load(TorchEngine engine, ReferenceDecoder reference, KvPlan plan)
      throws IOException {
    return engine.loadRuns(reference.description(), Precision.FLOAT32, plan, recorder, 0);
  }

  @AfterEach
  void recordings_are_used_and_closed() {
    assertThat(recorder.recorded()).isPositive();
    assertThat(recorder.replayed()).isGreaterThanOrEqualTo(recorder.recorded());
    assertThat(recorder.open()).isZero();
  }
}
