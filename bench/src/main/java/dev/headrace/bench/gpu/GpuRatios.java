package dev.headrace.bench.gpu;

import dev.headrace.bench.BenchResult.Goal;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What follows from the figures that a run, or it and earlier ones, measured. */
final class GpuRatios {
  private final Map<String, Double> figures;

  /** Ratios of these, which are among them afterwards. */
  GpuRatios(Map<String, Double> figures) {
    this.figures = figures;
  }

  void derive() {
    generation();
    ratio("pipeline_efficiency", "pipeline_rows_per_second_16", "bf16_mixed");
    ratio("pipeline_efficiency_1", "pipeline_rows_per_second_1", "bf16_mixed");
    ratio("two_gpu_ratio", "pipeline_two_gpu_rows_per_second", "pipeline_rows_per_second_16");
    ratio("encoder_products_share", "encoder_products_tflops", "matrix_tflops");
    ratio("encoder_kernels_share", "encoder_kernels_tflops", "matrix_tflops");
    ratio("group_ratio", "pipeline_group_rows_per_second", "pipeline_rows_per_second_16");
    if (!figures.containsKey("bf16_256x128")) {
      return;
    }
    String best = best("_256x128");
    figures.put("rows_per_second", value(best + "_256x128"));
    figures.put("matrix_peak_share", value(best + "_256x128_tflops") / value("matrix_tflops"));
    figures.put(
        "matrix_sustained_share",
        value(best + "_256x128_tflops") / value("matrix_sustained_tflops"));
    double reference = reference("_256x128");
    if (reference > 0) {
      figures.put("vs_pytorch_ratio", value(best + "_256x128") / reference);
      figures.put("vs_pytorch_mixed_ratio", value(best("_mixed") + "_mixed") / reference("_mixed"));
    }
  }

  /**
   * The ratio is the lowest over shapes and numbers of sequences, to the better of eager and
   * compiled.
   */
  private void generation() {
    double lowest = Double.MAX_VALUE;
    for (String rate : List.copyOf(figures.keySet())) {
      if (!rate.startsWith("generate_") || !rate.endsWith("_tokens_per_second")) {
        continue;
      }
      String shape = rate.substring(9, rate.length() - 18);
      String other = "transformers_" + shape;
      double best = Math.max(value(other + "_eager"), value(other + "_compiled"));
      if (best > 0) {
        figures.put("generate_" + shape + "_vs_transformers", value(rate) / best);
        lowest = Math.min(lowest, value(rate) / best);
      }
    }
    if (lowest < Double.MAX_VALUE) {
      figures.put("generate_vs_transformers_ratio", lowest);
    }
    if (figures.containsKey("generate_llama31_8b_1_bandwidth_share")) {
      figures.put("generate_bandwidth_share", value("generate_llama31_8b_1_bandwidth_share"));
    }
  }

  private void ratio(String key, String figure, String over) {
    if (figures.containsKey(figure) && figures.containsKey(over)) {
      figures.put(key, value(figure) / value(over));
    }
  }

  /** A figure; 0 when its part broke. */
  double value(String key) {
    return figures.getOrDefault(key, 0.0);
  }

  private String best(String suffix) {
    return value("fp16" + suffix) >= value("bf16" + suffix) ? "fp16" : "bf16";
  }

  /** The best of PyTorch's, whatever precision and mode; 0 when it did not run. */
  private double reference(String suffix) {
    return figures.entrySet().stream()
        .filter(e -> e.getKey().startsWith("pytorch_") && e.getKey().endsWith(suffix))
        .mapToDouble(Map.Entry::getValue)
        .max()
        .orElse(0);
  }

  /** What should be reached, of what was measured. */
  Map<String, Goal> goals() {
    Map<String, Goal> goals =
        new TreeMap<>(
            Map.of(
                "matrix_peak_share", new Goal(0.6, true),
                "pipeline_efficiency", new Goal(0.9, true),
                "pipeline_efficiency_1", new Goal(0.9, true),
                "two_gpu_ratio", new Goal(1.9, true),
                "vs_pytorch_ratio", new Goal(1.0, true),
                "generate_vs_transformers_ratio", new Goal(1.0, true),
                "generate_bandwidth_share", new Goal(0.5, true),
                "generate_pipeline_efficiency", new Goal(0.9, true),
                "storm_outcome_ok_share", new Goal(1.0, true)));
    goals.keySet().retainAll(figures.keySet());
    return goals;
  }
}
