package dev.headrace.worker.profile;

import dev.headrace.protocol.service.ServiceCurve;
import dev.headrace.protocol.service.ServiceCurveFitter;
import dev.headrace.worker.engine.ComputeDevice;
import dev.headrace.worker.engine.EncodedBatch;
import dev.headrace.worker.engine.EncoderSession;
import dev.headrace.worker.engine.EngineException;
import dev.headrace.worker.engine.TorchEngine;
import dev.headrace.worker.model.ModelDescription;
import dev.headrace.worker.model.Precision;
import dev.headrace.worker.profile.PrecisionProfile.Point;
import dev.headrace.worker.text.InvalidTextException;
import dev.headrace.worker.text.TextTokenizer;
import dev.headrace.worker.text.TokenizedText;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Measures one model in one precision after the other. Each batch runs once unmeasured, for engines
 * optimise in their first runs.
 *
 * @param batches rows of a batch
 * @param lengths tokens of its rows; those that the model does not take are left out
 * @param runs of each batch, of which the median counts
 * @param maxError the bound of {@link DeviceProfile#maxError}
 * @param nanos the clock
 */
public record Profiler(
    List<Integer> batches, List<Integer> lengths, int runs, double maxError, LongSupplier nanos) {
  /**
   * Twice the greatest that 21 embedding models gave, 0.073 for int8 of MiniLM on the texts below
   * (RATIONALE.md); on real passages its greatest cosine distance is 0.009, which is an error of
   * 0.13.
   */
  public static final double USUAL_ERROR = 0.15;

  /** Ordinary sentences, for accuracy on random tokens says little. */
  private static final List<String> TEXTS =
      List.of(
          "The harbour was quiet.",
          "A committee will report on the cost of the new bridge before the end of the year.",
          "Rain is expected in the north; the south stays dry and warm until Thursday.",
          "Who pays for the roads, and who decides which of them are mended first?",
          "She opened the letter, read it twice, and put it into the drawer without a word.",
          "Exports of grain rose by seven per cent, while imports of steel fell for the third"
              + " quarter in a row, which surprised most of those who follow the trade.",
          "The patient was given 20 mg twice a day and recovered within two weeks.",
          "To install the pump, close the valve, remove both screws, and turn the housing to the"
              + " left until it clicks.");

  public Profiler {
    batches = List.copyOf(batches);
    lengths = List.copyOf(lengths);
  }

  /** Few and small batches: a second or so for a small model. */
  public static Profiler brief(LongSupplier nanos) {
    return new Profiler(List.of(1, 8), List.of(16, 64), 3, USUAL_ERROR, nanos);
  }

  /**
   * Measures. A precision that the device has not is left out, with the reason.
   *
   * @param precisions to try; float32 is tried first in any case
   * @param threads that the engine was opened with
   * @throws EngineException when not even float32 runs
   */
  public DeviceProfile measure(
      ModelDescription model, TorchEngine engine, int threads, List<Precision> precisions)
      throws IOException {
    List<TokenizedText> texts = texts(model);
    List<Precision> order = new ArrayList<>(precisions);
    order.remove(Precision.FLOAT32);
    order.add(0, Precision.FLOAT32);
    List<PrecisionProfile> done = new ArrayList<>();
    Map<Precision, String> failed = new EnumMap<>(Precision.class);
    EncodedBatch exact = null;
    for (Precision precision : order) {
      if (precision == Precision.INT8 && engine.device().kind() == ComputeDevice.Kind.CUDA) {
        failed.put(precision, "libtorch has int8 on the CPU alone");
        continue;
      }
      try (EncoderSession session = engine.load(model, precision)) {
        EncodedBatch values = session.run(texts);
        exact = exact == null ? values : exact;
        done.add(profile(session, precision, worst(values, exact)));
      } catch (EngineException e) {
        if (exact == null || e.kind() == EngineException.Kind.FATAL) {
          throw e;
        }
        failed.put(precision, String.valueOf(e.getMessage()));
      }
    }
    return new DeviceProfile(
        model.name(), model.revision(), engine.device().name(), threads, maxError, done, failed);
  }

  private static List<TokenizedText> texts(ModelDescription model) throws IOException {
    List<TokenizedText> texts = new ArrayList<>();
    try (TextTokenizer tokenizer = TextTokenizer.open(model)) {
      for (String text : TEXTS) {
        texts.add(tokenizer.tokenize(text));
      }
    } catch (InvalidTextException e) {
      throw new IOException("tokenizer of " + model.name() + ": " + e.getMessage(), e);
    }
    return texts;
  }

  private PrecisionProfile profile(EncoderSession session, Precision precision, double error) {
    List<Point> points = new ArrayList<>();
    ServiceCurveFitter fitter = new ServiceCurveFitter(new ServiceCurve(2e-3, 1e-4, 0, 0, 0));
    for (int length : lengths) {
      for (int rows : batches) {
        if (length <= session.maxTokens()) {
          points.add(point(session, rows, length, fitter));
        }
      }
    }
    return new PrecisionProfile(precision, error, fitter.curve(), points);
  }

  private Point point(EncoderSession session, int rows, int tokens, ServiceCurveFitter fitter) {
    // Id 0 is in every vocabulary, and what a token is does not change what it costs.
    List<TokenizedText> batch =
        Collections.nCopies(rows, new TokenizedText(new int[tokens], false));
    session.run(batch);
    double[] seconds = new double[runs];
    for (int i = 0; i < runs; i++) {
      long started = nanos.getAsLong();
      session.run(batch);
      seconds[i] = Math.max(1, nanos.getAsLong() - started) / 1e9;
      fitter.add(rows, tokens, seconds[i]);
    }
    Arrays.sort(seconds);
    return new Point(rows, tokens, seconds[runs / 2]);
  }

  private static double worst(EncodedBatch values, EncodedBatch exact) {
    double worst = 0;
    for (int row = 0; row < exact.rows(); row++) {
      double error = error(values.row(row), exact.row(row));
      // What is no number is no answer.
      worst = Double.isFinite(error) ? Math.max(worst, error) : Double.MAX_VALUE;
    }
    return worst;
  }

  static double error(float[] values, float[] exact) {
    double difference = 0;
    double length = 0;
    for (int i = 0; i < exact.length; i++) {
      difference += ((double) values[i] - exact[i]) * ((double) values[i] - exact[i]);
      length += (double) exact[i] * exact[i];
    }
    return length == 0 ? Math.sqrt(difference) : Math.sqrt(difference / length);
  }
}
