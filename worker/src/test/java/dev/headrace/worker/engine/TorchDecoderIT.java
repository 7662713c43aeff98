package dev.headrace.worker.engine;

import dev.headrace.worker.generate.session.DecoderSession;
import dev.headrace.worker.generate.session.DecoderSessionContract;
import dev.headrace.worker.model.Precision;
import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;

/** The real session keeps the contract that the scheduler's fake keeps. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TorchDecoderIT extends DecoderSessionContract {
  private TorchEngine engine;
  private DecoderSession session;

  @BeforeAll
  void load() throws IOException {
    engine = TorchEngine.open(DeviceInventory.cpu(), 1);
    ReferenceDecoder llama = ReferenceDecoder.of("llama").get(0);
    session = engine.load(llama.description(160), Precision.FLOAT32, new KvPlan(1_000_000));
  }

  @AfterAll
  void close() {
    session.close();
    engine.close();
  }

  @Override
  protected DecoderSession session() {
    return session;
  }

  @Override
  protected float tolerance() {
    return 1e-4f;
  }
}
