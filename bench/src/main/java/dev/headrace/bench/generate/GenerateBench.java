package dev.headrace.bench.generate;

import dev.headrace.bench.BenchResult;
import dev.headrace.bench.BenchResult.Goal;
import dev.headrace.bench.Samples;
import dev.headrace.protocol.config.Settings;
import dev.headrace.worker.encode.EngineConfig;
import dev.headrace.worker.generate.GenerationConfig;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Tokens per second of Headrace's engine at several numbers of texts at once, beside llama.cpp with
 * as many; continuous batching beside static batches, and the prefix cache beside none. All sides
 * take turns in one run, with the same prompts and lengths, greedy, and as many threads.
 */
public final class GenerateBench {
  private static final int[] PARALLEL = {1, 8, 16, 32};

  /** Tokens of each text in the rounds against llama.cpp (chosen: some seconds each). */
  private static final int TOKENS = 64;

  private static final int MIXED_TEXTS = 48;
  private static final int MIXED_TOKENS = 128;
  private static final int BATCH = 16;
  private static final int SHARED_TEXTS = 16;
  private static final int SHARED_BEGINNING = 500;
  private static final int SHARED_TOKENS = 16;
  private static final int LONGEST = 768;

  private final String model;
  private final int rounds;
  private final List<String> texts;
  private final Map<String, String> settings;
  private final Optional<LlamaFiles> llama;
  private final PrintStream progress;
  private final Map<String, List<Double>> seen = new LinkedHashMap<>();

  /** What llama.cpp needs: a Python with llama-cpp-python, and the model as it takes it. */
  public record LlamaFiles(Path python, Path gguf) {}

  /**
   * A benchmark.
   *
   * @param model in {@code worker.models.folder} of the settings
   * @param texts of which prompts are made
   * @param llama the other side; empty leaves its ratios out
   * @param progress takes a line per figure and round
   */
  public GenerateBench(
      String model,
      int rounds,
      List<String> texts,
      Map<String, String> settings,
      Optional<LlamaFiles> llama,
      PrintStream progress) {
    if (rounds < 1 || texts.size() < 100) {
      throw new IllegalArgumentException(
          "rounds, passages: " + rounds + ", " + texts.size() + " (expected: >= 1, >= 100)");
    }
    this.model = model;
    this.rounds = rounds;
    this.texts = List.copyOf(texts);
    this.settings = Map.copyOf(settings);
    this.llama = llama;
    this.progress = progress;
  }

  private interface Measurement {
    double run() throws IOException;
  }

  /** Runs all rounds; the first does not count. */
  public BenchResult run() throws IOException {
    Map<String, String> values = new HashMap<>(settings);
    values.put("worker.models", model);
    EngineConfig engine = EngineConfig.read(Settings.of(values));
    int threads =
        engine.threads() == 0 ? Runtime.getRuntime().availableProcessors() : engine.threads();
    values.putIfAbsent("worker.generation.kv-memory", "512MiB");
    GenerationConfig with = GenerationConfig.read(Settings.of(values));
    values.put("worker.generation.prefix-cache", "false");
    GenerationConfig without = GenerationConfig.read(Settings.of(values));
    try (Generator generator = Generator.open(model, engine, without);
        LlamaCpp other = other(threads)) {
      List<int[]> ids = texts.stream().map(generator::ids).filter(t -> t.length >= 20).toList();
      for (int round = 0; round <= rounds; round++) {
        speed(round, generator, other, ids);
        continuous(round, generator, ids);
      }
      try (Generator caching = Generator.open(model, engine, with)) {
        for (int round = 0; round <= rounds; round++) {
          prefix(round, generator, caching, ids);
        }
      }
    }
    return result();
  }

  private @Nullable LlamaCpp other(int threads) throws IOException {
    if (llama.isEmpty()) {
      progress.println(
          "llama.cpp: left out (python3 -m venv DIR && DIR/bin/pip install llama-cpp-python,"
              + " then --llamacpp DIR/bin/python --gguf FILE)");
      return null;
    }
    return LlamaCpp.start(llama.get().python(), llama.get().gguf(), threads, 32, LONGEST);
  }

  private void speed(int round, Generator generator, @Nullable LlamaCpp other, List<int[]> ids)
      throws IOException {
    for (int parallel : PARALLEL) {
      Load load = Load.even(ids, Math.max(2, parallel), TOKENS, round);
      note(round, "tokens_per_second_" + parallel, () -> generator.tokensPerSecond(load, parallel));
      if (other != null) {
        note(
            round,
            "llamacpp_tokens_per_second_" + parallel,
            () -> other.tokensPerSecond(load, parallel));
      }
    }
  }

  private void continuous(int round, Generator generator, List<int[]> ids) throws IOException {
    Load load = Load.mixed(ids, MIXED_TEXTS, MIXED_TOKENS, round);
    note(round, "continuous_tokens_per_second", () -> generator.tokensPerSecond(load, BATCH));
    note(round, "static_tokens_per_second", () -> generator.tokensPerSecondInBatches(load, BATCH));
  }

  private void prefix(int round, Generator plain, Generator caching, List<int[]> ids)
      throws IOException {
    Load load = Load.shared(ids, SHARED_TEXTS, SHARED_BEGINNING, SHARED_TOKENS, round);
    note(round, "prefix_cache_tokens_per_second", () -> caching.tokensPerSecond(load, BATCH));
    note(round, "no_prefix_cache_tokens_per_second", () -> plain.tokensPerSecond(load, BATCH));
  }

  private void note(int round, String figure, Measurement measurement) throws IOException {
    double value = measurement.run();
    progress.printf(
        Locale.ROOT, "%s: %-34s %8.1f%n", round == 0 ? "warm-up" : "round " + round, figure, value);
    if (round > 0) {
      seen.computeIfAbsent(figure, f -> new ArrayList<>()).add(value);
    }
  }

  private BenchResult result() {
    Map<String, Double> figures = new LinkedHashMap<>();
    seen.forEach((figure, values) -> figures.put(figure, median(values)));
    Map<String, Goal> goals = new LinkedHashMap<>();
    goals.put("continuous_vs_static_ratio", new Goal(1.5, true));
    figures.put(
        "continuous_vs_static_ratio",
        ratio("continuous_tokens_per_second", "static_tokens_per_second"));
    figures.put(
        "prefix_cache_ratio",
        ratio("prefix_cache_tokens_per_second", "no_prefix_cache_tokens_per_second"));
    if (llama.isPresent()) {
      for (int parallel : PARALLEL) {
        figures.put(
            "vs_llamacpp_ratio_" + parallel,
            ratio("tokens_per_second_" + parallel, "llamacpp_tokens_per_second_" + parallel));
      }
      goals.put("vs_llamacpp_ratio_1", new Goal(0.7, true));
      goals.put("vs_llamacpp_ratio_16", new Goal(1.0, true));
    }
    return new BenchResult("generate", figures, goals);
  }

  /** Of the same round, for the machine may be shared. */
  private double ratio(String over, String under) {
    List<Double> a = seen.getOrDefault(over, List.of());
    List<Double> b = seen.getOrDefault(under, List.of());
    List<Double> ratios = new ArrayList<>();
    for (int i = 0; i < a.size(); i++) {
      ratios.add(a.get(i) / b.get(i));
    }
    return median(ratios);
  }

  private static double median(List<Double> values) {
    return new Samples(values.stream().mapToDouble(Double::doubleValue).toArray()).median();
  }
}
