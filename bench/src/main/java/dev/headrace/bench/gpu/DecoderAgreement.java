package dev.headrace.bench.gpu;

import dev.headrace.worker.engine.ComputeDevice;
import dev.headrace.worker.engine.DeviceInventory;
import dev.headrace.worker.engine.KvPlan;
import dev.headrace.worker.engine.TorchEngine;
import dev.headrace.worker.generate.session.DecoderSession;
import dev.headrace.worker.generate.session.Logits;
import dev.headrace.worker.generate.session.Segment;
import dev.headrace.worker.generate.session.Sequence;
import dev.headrace.worker.model.Precision;
import dev.headrace.worker.model.decoder.DecoderModel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * How far a decoder on a GPU is from the CPU's in float32, over the same tokens: prompts in pieces,
 * sequences that join and leave, a fork, memory so small that sequences must move.
 */
final class DecoderAgreement {
  private static final RandomLlama SHAPE =
      new RandomLlama("agreement", 512, 4, 8, 2, 1024, 8000, true);

  private static final int SEQUENCES = 6;
  private static final int STEPS = 90;
  private static final int BLOCKS = 20;

  private DecoderAgreement() {}

  /** ‖gpu - cpu‖ / ‖cpu‖ over all logits of a run. */
  static double error(ComputeDevice gpu, Precision precision) throws IOException {
    DecoderModel model = SHAPE.describe();
    List<float[]> expected;
    try (TorchEngine cpu = TorchEngine.open(DeviceInventory.cpu(), 4);
        DecoderSession session = cpu.load(model, Precision.FLOAT32, plan(4))) {
      expected = run(session);
    }
    try (TorchEngine engine = TorchEngine.open(gpu, 1);
        DecoderSession session =
            engine.load(model, precision, plan(precision == Precision.FLOAT32 ? 4 : 2))) {
      return error(expected, run(session));
    }
  }

  /** So few blocks of 64 tokens that the sequences just fit. */
  private static KvPlan plan(int elementBytes) {
    return new KvPlan((long) (BLOCKS * 64 * SHAPE.kvBytes() / 2 * elementBytes));
  }

  private static List<float[]> run(DecoderSession session) {
    Random random = new Random(17);
    List<float[]> rows = new ArrayList<>();
    List<Sequence> sequences = new ArrayList<>();
    for (int step = 0; step < STEPS; step++) {
      if (sequences.size() < SEQUENCES && step % 3 == 0) {
        sequences.add(session.open());
      }
      List<Segment> segments = new ArrayList<>();
      for (Sequence sequence : sequences) {
        int tokens = sequence.tokens() < 50 ? 1 + random.nextInt(30) : 1;
        int[] ids = random.ints(tokens, 0, SHAPE.words()).toArray();
        segments.add(new Segment(sequence, ids, step % 2 == 0));
      }
      Logits logits = session.step(segments);
      for (int row = 0; row < logits.rows(); row++) {
        float[] values = new float[SHAPE.words()];
        logits.row(row).get(values);
        rows.add(values);
        if (logits.highest(row) != values[logits.argmax(row)]) {
          throw new IllegalStateException("largest logit of row " + row + " is another");
        }
      }
      if (step % 20 == 19) {
        session.release(sequences.remove(random.nextInt(sequences.size())));
        Sequence of = sequences.get(0);
        sequences.add(session.fork(of, of.tokens() / 2));
      }
    }
    sequences.forEach(session::release);
    return rows;
  }

  private static double error(List<float[]> expected, List<float[]> found) {
    if (expected.size() != found.size()) {
      throw new IllegalStateException(
          "rows: " + found.size() + " (expected: " + expected.size() + ")");
    }
    double difference = 0;
    double norm = 0;
    for (int row = 0; row < expected.size(); row++) {
      float[] a = expected.get(row);
      float[] b = found.get(row);
      for (int i = 0; i < a.length; i++) {
        difference += Math.pow(a[i] - (double) b[i], 2);
        norm += Math.pow(a[i], 2);
      }
    }
    return Math.sqrt(difference / norm);
  }

  /** The precisions that a GPU has. */
  static List<Precision> precisions() {
    return Arrays.asList(Precision.FLOAT32, Precision.FLOAT16, Precision.BFLOAT16);
  }
}
