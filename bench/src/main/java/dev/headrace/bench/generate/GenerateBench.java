package dev.headrace.bench.generate;

import com.sun.management.OperatingSystemMXBean;
import dev.headrace.bench.BenchResult;
import dev.headrace.bench.BenchResult.Goal;
import dev.headrace.bench.Samples;
import dev.headrace.bench.generate.Sizes.Part;
import dev.headrace.protocol.config.Settings;
import dev.headrace.worker.encode.EngineConfig;
import dev.headrace.worker.generate.GenerationConfig;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
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
 * as many; continuous batching beside static batches, the prefix cache beside none, and the whole
 * pipeline beside the bare engine. All sides take turns in one run, with the same prompts and
 * lengths, greedy, and as many threads.
 */
public final class GenerateBench {
  /** The longest text of mixed lengths; their mean is about a third of it (chosen). */
  private static final int MIXED_TOKENS = 128;

  /**
   * Warm-up of the pipeline ends when the compilers take less of the CPU, or after so many loads.
   */
  private static final double WARM = 0.05;

  private static final int MAX_WARM_UP = 6;

  /**
   * So many times the texts go through the pipeline: filling and emptying count little (chosen).
   */
  private static final int PIPELINE_FACTOR = 2;

  /** Texts at once in all parts but the first. */
  private static final int BATCH = 16;

  private static final int SHARED_TEXTS = 16;
  private static final int SHARED_BEGINNING = 500;
  private static final int SHARED_TOKENS = 8;

  /** Share of the bare engine's speed that the whole pipeline should reach (issue 4). */
  private static final double PIPELINE_GOAL = 0.95;

  private final String model;
  private final Sizes sizes;
  private final List<String> texts;
  private final Map<String, String> settings;
  private final Optional<LlamaFiles> llama;
  private final PrintStream progress;
  private final Map<String, List<Double>> seen = new LinkedHashMap<>();
  private final OperatingSystemMXBean os =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

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
      Sizes sizes,
      List<String> texts,
      Map<String, String> settings,
      Optional<LlamaFiles> llama,
      PrintStream progress) {
    if (texts.size() < 100) {
      throw new IllegalArgumentException("passages: " + texts.size() + " (expected: >= 100)");
    }
    this.model = model;
    this.sizes = sizes;
    this.texts = List.copyOf(texts);
    this.settings = Map.copyOf(settings);
    this.llama = llama;
    this.progress = progress;
  }

  private interface Measurement {
    double run() throws Exception;
  }

  /** Runs all rounds; the first, a short one, does not count. */
  public BenchResult run() throws Exception {
    Map<String, String> values = new HashMap<>(settings);
    values.put("worker.models", model);
    EngineConfig engine = EngineConfig.read(Settings.of(values));
    int threads =
        engine.threads() == 0 ? Runtime.getRuntime().availableProcessors() : engine.threads();
    values.putIfAbsent("worker.generation.kv-memory", "384MiB");
    values.putIfAbsent(
        "worker.generation.texts", Integer.toString(Math.max(BATCH, sizes.mostParallel())));
    GenerationConfig with = GenerationConfig.read(Settings.of(values));
    values.put("worker.generation.prefix-cache", "false");
    GenerationConfig without = GenerationConfig.read(Settings.of(values));
    try (Generator generator = Generator.open(model, engine, without)) {
      List<int[]> ids = texts.stream().map(generator::ids).filter(t -> t.length >= 20).toList();
      if (measures(Part.SPEED)) {
        try (LlamaCpp other = other(threads)) {
          rounds((round, some) -> speed(round, some, generator, other, ids));
        }
      }
      if (measures(Part.CONTINUOUS)) {
        rounds((round, some) -> continuous(round, some, generator, ids));
      }
      if (measures(Part.PREFIX)) {
        try (Generator caching = Generator.open(model, engine, with)) {
          rounds((round, some) -> prefix(round, some, generator, caching, ids));
        }
      }
      if (measures(Part.MEMORY)) {
        try (Generator caching = Generator.open(model, engine, with)) {
          memory(caching, ids);
        }
      }
      if (measures(Part.PIPELINE)) {
        values.put("worker.generation.texts", Integer.toString(BATCH));
        try (GeneratePipeline pipeline = GeneratePipeline.start(model, values)) {
          warmUp(pipeline, ids);
          rounds((round, some) -> pipeline(round, some, generator, pipeline, ids));
        }
      }
    }
    return result();
  }

  private boolean measures(Part part) {
    return sizes.parts().contains(part);
  }

  private interface Round {
    void run(int number, Sizes sizes) throws Exception;
  }

  private void rounds(Round round) throws Exception {
    for (int number = 0; number <= sizes.rounds(); number++) {
      round.run(number, number == 0 ? sizes.shorter() : sizes);
    }
  }

  private @Nullable LlamaCpp other(int threads) throws IOException {
    if (llama.isEmpty()) {
      progress.println(
          "llama.cpp: left out (python3 -m venv DIR && DIR/bin/pip install llama-cpp-python,"
              + " then --llamacpp DIR/bin/python --gguf FILE)");
      return null;
    }
    return LlamaCpp.start(
        llama.get().python(), llama.get().gguf(), threads, sizes.mostParallel(), sizes.longest());
  }

  private void speed(
      int round, Sizes some, Generator generator, @Nullable LlamaCpp other, List<int[]> ids)
      throws Exception {
    for (int parallel : some.parallel()) {
      Load load = Load.even(ids, Math.max(2, parallel), some.prompt(), some.tokens(), round);
      note(round, "tokens_per_second_" + parallel, () -> generator.tokensPerSecond(load, parallel));
      if (other != null) {
        note(
            round,
            "llamacpp_tokens_per_second_" + parallel,
            () -> other.tokensPerSecond(load, parallel));
      }
    }
  }

  private void continuous(int round, Sizes some, Generator generator, List<int[]> ids)
      throws Exception {
    Load load = Load.mixed(ids, some.texts(), some.prompt(), MIXED_TOKENS, round);
    note(round, "continuous_tokens_per_second", () -> generator.tokensPerSecond(load, BATCH));
    note(round, "continuous_texts_per_step", generator::textsPerStep);
    note(
        round,
        "static_tokens_per_second",
        () -> generator.tokensPerSecondInStaticBatches(load, BATCH));
    note(
        round,
        "shrinking_tokens_per_second",
        () -> generator.tokensPerSecondInShrinkingBatches(load, BATCH));
  }

  private void prefix(int round, Sizes some, Generator plain, Generator caching, List<int[]> ids)
      throws Exception {
    Load load =
        Load.shared(ids, SHARED_TEXTS, SHARED_BEGINNING, some.prompt(), SHARED_TOKENS, round);
    note(round, "prefix_cache_tokens_per_second", () -> caching.tokensPerSecond(load, BATCH));
    note(round, "no_prefix_cache_tokens_per_second", () -> plain.tokensPerSecond(load, BATCH));
  }

  private void pipeline(
      int round, Sizes some, Generator plain, GeneratePipeline pipeline, List<int[]> ids)
      throws Exception {
    Load load = Load.mixed(ids, PIPELINE_FACTOR * some.texts(), some.prompt(), MIXED_TOKENS, round);
    note(
        round,
        "pipeline_tokens_per_second",
        () -> onCpu(round, "pipeline", () -> pipeline.tokensPerSecond(load)));
    note(round, "pipeline_texts_per_step", pipeline::textsPerStep);
    note(
        round,
        "engine_tokens_per_second",
        () -> onCpu(round, "engine", () -> plain.tokensPerSecond(load, BATCH)));
    note(round, "engine_texts_per_step", plain::textsPerStep);
  }

  /** Texts of mixed lengths, ever new ones, with the prefix cache, which keeps what it can. */
  private void memory(Generator caching, List<int[]> ids) throws IOException {
    ResidentMemory memory = new ResidentMemory();
    long started = System.nanoTime();
    double minute = 0;
    for (int load = 0; minute < sizes.minutes(); load++) {
      Load texts = Load.mixed(ids, sizes.texts(), sizes.prompt(), MIXED_TOKENS, load);
      double speed = caching.tokensPerSecond(texts, BATCH);
      minute = (System.nanoTime() - started) / 60e9;
      progress.printf(
          Locale.ROOT,
          "minute %6.1f: %.1f MiB resident, %.1f tokens/s%n",
          minute,
          memory.note(minute),
          speed);
    }
    seen.put("memory_resident_mib", List.of(memory.last()));
    seen.put("memory_growth_mib_per_minute", List.of(memory.growthPerMinute()));
  }

  /** Notes CPU seconds of this process besides. */
  private double onCpu(int round, String side, Measurement measurement) throws Exception {
    long before = os.getProcessCpuTime();
    double value = measurement.run();
    note(round, side + "_cpu_seconds", () -> (os.getProcessCpuTime() - before) / 1e9);
    return value;
  }

  /** A worker runs for days: what the JVM's compilers take in its first minute is not its speed. */
  private void warmUp(GeneratePipeline pipeline, List<int[]> ids) throws Exception {
    CompilationMXBean compilers = ManagementFactory.getCompilationMXBean();
    Load load = Load.mixed(ids, sizes.texts(), sizes.prompt(), MIXED_TOKENS, 0);
    for (int i = 0; i < MAX_WARM_UP; i++) {
      long compiled = compilers.getTotalCompilationTime();
      long cpu = os.getProcessCpuTime();
      double speed = pipeline.tokensPerSecond(load);
      double share =
          (compilers.getTotalCompilationTime() - compiled) / ((os.getProcessCpuTime() - cpu) / 1e6);
      progress.printf(
          Locale.ROOT, "warm-up: %.1f tokens/s, compilers %.0f %%%n", speed, 100 * share);
      if (share < WARM) {
        return;
      }
    }
  }

  private void note(int round, String figure, Measurement measurement) throws Exception {
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
    if (measures(Part.CONTINUOUS)) {
      figures.put(
          "continuous_vs_static_ratio",
          ratio("continuous_tokens_per_second", "static_tokens_per_second"));
      figures.put(
          "continuous_vs_shrinking_ratio",
          ratio("continuous_tokens_per_second", "shrinking_tokens_per_second"));
      goals.put("continuous_vs_static_ratio", new Goal(1.5, true));
    }
    if (measures(Part.PREFIX)) {
      figures.put(
          "prefix_cache_ratio",
          ratio("prefix_cache_tokens_per_second", "no_prefix_cache_tokens_per_second"));
    }
    if (measures(Part.PIPELINE)) {
      figures.put(
          "pipeline_efficiency", ratio("pipeline_tokens_per_second", "engine_tokens_per_second"));
      figures.put("pipeline_cpu_efficiency", ratio("engine_cpu_seconds", "pipeline_cpu_seconds"));
      goals.put("pipeline_efficiency", new Goal(PIPELINE_GOAL, true));
    }
    if (measures(Part.SPEED) && llama.isPresent()) {
      for (int parallel : sizes.parallel()) {
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
