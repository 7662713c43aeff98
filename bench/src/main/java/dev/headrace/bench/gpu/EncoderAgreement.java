package dev.headrace.bench.gpu;

import dev.headrace.bench.Vectors;
import dev.headrace.worker.engine.DeviceInventory;
import dev.headrace.worker.engine.EncodedBatch;
import dev.headrace.worker.engine.EncoderSession;
import dev.headrace.worker.engine.TorchEngine;
import dev.headrace.worker.model.ModelDescription;
import dev.headrace.worker.model.Precision;
import dev.headrace.worker.text.TokenizedText;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ObjDoubleConsumer;

/** The lowest cosine of a passage's vector to the same in float32 on the CPU. */
final class EncoderAgreement {
  private EncoderAgreement() {}

  /**
   * Measures all precisions.
   *
   * @param some passages
   */
  static void measure(
      TorchEngine engine,
      ModelDescription model,
      List<TokenizedText> some,
      ObjDoubleConsumer<String> figure)
      throws IOException {
    List<float[]> expected = new ArrayList<>();
    List<Expected> brief;
    try (TorchEngine cpu = TorchEngine.open(DeviceInventory.cpu(), 4);
        EncoderSession session = cpu.load(model, Precision.FLOAT32)) {
      brief = shortened(session, some);
      var out = session.run(some);
      for (int i = 0; i < some.size(); i++) {
        expected.add(out.row(i));
      }
    }
    for (Precision precision : List.of(Precision.FLOAT32, Precision.FLOAT16, Precision.BFLOAT16)) {
      try (EncoderSession session = engine.load(model, precision)) {
        var out = session.run(some);
        double lowest = 1;
        for (int i = 0; i < some.size(); i++) {
          lowest = Math.min(lowest, Vectors.dot(expected.get(i), out.row(i)));
        }
        figure.accept("minilm_" + precision.label() + "_lowest_cosine", lowest);
        figure.accept(
            "minilm_" + precision.label() + "_repeated_lowest_cosine", repeated(session, brief));
        double seconds = new EncoderSpeed(session).throughput(List.of(some));
        figure.accept("minilm_" + precision.label() + "_64_passages", some.size() / seconds);
      }
    }
  }

  /**
   * The lowest cosine of single short rows, and of pairs of unlike length, to what the CPU gives:
   * shapes that come again and again, so that they are recorded and replayed.
   */
  private static double repeated(EncoderSession session, List<Expected> all) {
    double lowest = 1;
    for (int i = 0; i < all.size(); i++) {
      Expected one = all.get(i);
      Expected two = all.get((i + 2) % all.size());
      Expected three = all.get((i + 3) % all.size());
      lowest = Math.min(lowest, Vectors.dot(one.vector(), session.run(List.of(one.text())).row(0)));
      var pair = session.run(List.of(two.text(), three.text()));
      lowest = Math.min(lowest, Vectors.dot(two.vector(), pair.row(0)));
      lowest = Math.min(lowest, Vectors.dot(three.vector(), pair.row(1)));
    }
    return lowest;
  }

  /** A text, and the batch of it alone in float32 on the CPU. */
  private record Expected(TokenizedText text, EncodedBatch alone) {
    float[] vector() {
      return alone.row(0);
    }
  }

  private static List<Expected> shortened(EncoderSession session, List<TokenizedText> texts) {
    List<Expected> expected = new ArrayList<>();
    for (int i = 0; i < texts.size(); i++) {
      int[] ids = Arrays.copyOf(texts.get(i).ids(), i % 2 == 0 ? 12 : 17);
      TokenizedText text = new TokenizedText(ids, true);
      expected.add(new Expected(text, session.run(List.of(text))));
    }
    return expected;
  }
}
