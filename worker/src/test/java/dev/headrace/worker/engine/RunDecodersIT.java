package dev.headrace.worker.engine;

import dev.headrace.worker.generate.session.DecoderSession;
import dev.headrace.worker.model.Precision;
import java.io.IOException;

/** The decoders as a GPU runs them, in float32, for which the CPU has all operations. */
class RunDecodersIT extends DecodersIT {
  @Override
  DecoderSession load(TorchEngine engine, ReferenceDecoder reference, KvPlan plan)
      throws IOException {
    return engine.loadRuns(reference.description(), Precision.FLOAT32, plan);
  }
}
