package dev.headrace.bench.model;

import com.sun.management.OperatingSystemMXBean;
import dev.headrace.bench.BenchResult;
import dev.headrace.bench.BenchResult.Goal;
import dev.headrace.bench.Samples;
import dev.headrace.worker.model.ModelCatalog;
import dev.headrace.worker.model.ModelDescription;
import dev.headrace.worker.model.Precision;
import dev.headrace.worker.text.TokenizedText;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * all-minilm-l6-v2 in Headrace's engine and in ONNX Runtime's Java API, in turns in one process,
 * with the same texts, tokens and number of threads. Speed and accuracy are of the same runs.
 */
public final class ModelBench {
  private static final String MODEL = "all-minilm-l6-v2";

  /** Runs of the longest and the shortest batch before anything counts. */
  private static final int WARM_UP = 3;

  private final int rounds;
  private final int threads;
  private final List<String> texts;
  private final PrintStream progress;
  private final OperatingSystemMXBean os =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

  /**
   * A benchmark.
   *
   * @param rounds that count
   * @param threads that each side may use
   * @param texts one row each
   * @param progress takes a line per side and round
   */
  public ModelBench(int rounds, int threads, List<String> texts, PrintStream progress) {
    if (rounds < 1 || threads < 1 || texts.size() < 2) {
      throw new IllegalArgumentException(
          "rounds, threads, passages: %d, %d, %d (expected: >= 1, >= 1, >= 2)"
              .formatted(rounds, threads, texts.size()));
    }
    this.rounds = rounds;
    this.threads = threads;
    this.texts = List.copyOf(texts);
    this.progress = progress;
  }

  /** One contestant: an encoder and the batches that it is given. */
  private static final class Side {
    private final String name;
    private final Encoder encoder;
    private final List<List<Integer>> batches;
    private final float[][] vectors;
    private final List<Double> rowsPerSecond = new ArrayList<>();
    private final List<Double> rowsPerCpuSecond = new ArrayList<>();

    Side(String name, Encoder encoder, List<List<Integer>> batches, int rows) {
      this.name = name;
      this.encoder = encoder;
      this.batches = batches;
      this.vectors = new float[rows][];
    }

    void run(List<TokenizedText> tokens) {
      for (List<Integer> batch : batches) {
        float[][] out = encoder.encode(batch.stream().map(tokens::get).toList());
        for (int i = 0; i < out.length; i++) {
          vectors[batch.get(i)] = out[i];
        }
      }
    }

    void warmUp(List<TokenizedText> tokens) {
      for (int i = 0; i < WARM_UP; i++) {
        for (List<Integer> batch : List.of(batches.get(0), batches.get(batches.size() - 1))) {
          encoder.encode(batch.stream().map(tokens::get).toList());
        }
      }
    }
  }

  /** Runs all rounds. */
  public BenchResult run() throws IOException {
    ModelDescription model = ModelCatalog.builtIn().find(MODEL).orElseThrow();
    List<TokenizedText> tokens = PassageBatches.tokenized(model, texts);
    int rows = tokens.size();
    List<List<Integer>> sorted = PassageBatches.sorted(tokens);
    List<List<Integer>> arrival = PassageBatches.inOrder(rows);
    try (Encoder fp32 = TorchEncoder.open(model, Precision.FLOAT32, threads);
        Encoder int8 = TorchEncoder.open(model, Precision.INT8, threads);
        Encoder ort = OrtEncoder.open(MODEL + ".onnx", threads);
        Encoder ortInt8 = OrtEncoder.open(MODEL + "-q.onnx", threads)) {
      List<Side> sides =
          List.of(
              new Side("fp32", fp32, sorted, rows),
              new Side("int8", int8, sorted, rows),
              new Side("ort_sorted_fp32", ort, sorted, rows),
              new Side("ort_sorted_int8", ortInt8, sorted, rows),
              new Side("ort_arrival_fp32", ort, arrival, rows));
      sides.forEach(s -> s.warmUp(tokens));
      for (int i = 1; i <= rounds; i++) {
        for (Side side : sides) {
          measure(side, tokens, i);
        }
      }
      return result(sides);
    }
  }

  private void measure(Side side, List<TokenizedText> tokens, int round) {
    long cpu = os.getProcessCpuTime();
    long start = System.nanoTime();
    side.run(tokens);
    double seconds = (System.nanoTime() - start) / 1e9;
    double cpuSeconds = (os.getProcessCpuTime() - cpu) / 1e9;
    side.rowsPerSecond.add(tokens.size() / seconds);
    side.rowsPerCpuSecond.add(tokens.size() / cpuSeconds);
    progress.printf(
        Locale.ROOT,
        "round %d: %-17s %7.1f rows/s, %6.1f rows per CPU second%n",
        round,
        side.name,
        tokens.size() / seconds,
        tokens.size() / cpuSeconds);
  }

  private BenchResult result(List<Side> sides) {
    Map<String, Double> figures = new LinkedHashMap<>();
    for (Side side : sides) {
      figures.put(side.name + "_rows_per_second", median(side.rowsPerSecond));
    }
    Side fp32 = sides.get(0);
    Side int8 = sides.get(1);
    Side ort = sides.get(2);
    Side ortInt8 = sides.get(3);
    Side ortArrival = sides.get(4);
    figures.put("fp32_vs_ort_sorted_ratio", ratio(fp32.rowsPerSecond, ort.rowsPerSecond));
    figures.put("int8_vs_ort_sorted_int8_ratio", ratio(int8.rowsPerSecond, ortInt8.rowsPerSecond));
    figures.put(
        "int8_vs_ort_arrival_fp32_ratio", ratio(int8.rowsPerSecond, ortArrival.rowsPerSecond));
    figures.put("fp32_vs_ort_sorted_cpu_ratio", ratio(fp32.rowsPerCpuSecond, ort.rowsPerCpuSecond));
    figures.put(
        "int8_vs_ort_sorted_int8_cpu_ratio",
        ratio(int8.rowsPerCpuSecond, ortInt8.rowsPerCpuSecond));
    figures.put("fp32_max_abs_error", Agreement.maxError(fp32.vectors, ort.vectors));
    accuracy("int8", int8, ort, figures);
    accuracy("ort_int8", ortInt8, ort, figures);
    figures.put("threads", (double) threads);
    figures.put("passages", (double) texts.size());
    return new BenchResult(
        "model",
        figures,
        Map.of(
            "fp32_vs_ort_sorted_ratio", new Goal(1.2, true),
            "int8_vs_ort_sorted_int8_ratio", new Goal(1.2, true),
            "int8_vs_ort_arrival_fp32_ratio", new Goal(3, true)));
  }

  private static void accuracy(
      String name, Side side, Side reference, Map<String, Double> figures) {
    double[] cosines = Agreement.cosines(side.vectors, reference.vectors);
    double sum = 0;
    for (double cosine : cosines) {
      sum += cosine;
    }
    figures.put(name + "_cosine_mean", sum / cosines.length);
    figures.put(name + "_cosine_min", new Samples(cosines).percentile(0));
    figures.put(
        name + "_same_neighbour_share", Agreement.sameNeighbour(side.vectors, reference.vectors));
  }

  /** The median over the rounds. */
  private static double ratio(List<Double> ours, List<Double> theirs) {
    double[] ratios = new double[ours.size()];
    for (int i = 0; i < ratios.length; i++) {
      ratios[i] = ours.get(i) / theirs.get(i);
    }
    return new Samples(ratios).median();
  }

  private static double median(List<Double> values) {
    return new Samples(values.stream().mapToDouble(Double::doubleValue).toArray()).median();
  }
}
