package dev.headrace.bench.model;

import dev.headrace.worker.engine.DeviceInventory;
import dev.headrace.worker.engine.EncodedBatch;
import dev.headrace.worker.engine.EncoderSession;
import dev.headrace.worker.engine.TorchEngine;
import dev.headrace.worker.model.ModelDescription;
import dev.headrace.worker.model.Precision;
import dev.headrace.worker.text.TokenizedText;
import java.io.IOException;
import java.util.List;

/** A model in Headrace's engine on the CPU. Used by the thread that opens it. */
public final class TorchEncoder implements Encoder {
  private final TorchEngine engine;
  private final EncoderSession session;

  private TorchEncoder(TorchEngine engine, EncoderSession session) {
    this.engine = engine;
    this.session = session;
  }

  /**
   * Opens an engine of its own.
   *
   * @param threads the calling one among them
   */
  public static TorchEncoder open(ModelDescription model, Precision precision, int threads)
      throws IOException {
    TorchEngine engine = TorchEngine.open(DeviceInventory.cpu(), threads);
    try {
      return new TorchEncoder(engine, engine.load(model, precision));
    } catch (IOException | RuntimeException e) {
      engine.close();
      throw e;
    }
  }

  @Override
  public float[][] encode(List<TokenizedText> texts) {
    EncodedBatch batch = session.run(texts);
    float[][] vectors = new float[batch.rows()][];
    for (int i = 0; i < vectors.length; i++) {
      vectors[i] = batch.row(i);
    }
    return vectors;
  }

  @Override
  public void close() {
    session.close();
    engine.close();
  }
}
