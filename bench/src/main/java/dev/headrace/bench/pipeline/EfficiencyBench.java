package dev.headrace.bench.pipeline;

import com.sun.management.OperatingSystemMXBean;
import dev.headrace.bench.BenchResult;
import dev.headrace.bench.BenchResult.Goal;
import dev.headrace.bench.Samples;
import dev.headrace.bench.model.PassageBatches;
import dev.headrace.bench.model.TorchEncoder;
import dev.headrace.embedded.EmbeddedServers;
import dev.headrace.protocol.config.Settings;
import dev.headrace.worker.encode.EngineConfig;
import dev.headrace.worker.model.ModelCatalog;
import dev.headrace.worker.model.ModelDescription;
import dev.headrace.worker.model.store.ModelFolders;
import dev.headrace.worker.text.TokenizedText;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The whole pipeline over the bare engine: rows per second of one request a passage, from the
 * client to the broker, the router, the worker and back, over those of a loop that runs the same
 * passages, tokenised beforehand and sorted by length, on an engine with as many threads. Both in
 * one process, in turns; broker and Redis run on the same cores.
 */
public final class EfficiencyBench {
  /** Share that the whole pipeline should reach (issue 3). */
  public static final double GOAL = 0.95;

  private final String model;
  private final int rounds;
  private final List<String> texts;
  private final Map<String, String> settings;
  private final PrintStream progress;
  private final OperatingSystemMXBean os =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

  /**
   * A benchmark.
   *
   * @param model an encoder's name
   * @param rounds that count
   * @param texts one request each
   * @param settings of Headrace over its defaults
   * @param progress takes a line per side and round
   */
  public EfficiencyBench(
      String model,
      int rounds,
      List<String> texts,
      Map<String, String> settings,
      PrintStream progress) {
    if (rounds < 1 || texts.isEmpty()) {
      throw new IllegalArgumentException(
          "rounds, passages: %d, %d (expected: >= 1, >= 1)".formatted(rounds, texts.size()));
    }
    this.model = model;
    this.rounds = rounds;
    this.texts = List.copyOf(texts);
    this.settings = Map.copyOf(settings);
    this.progress = progress;
  }

  /** One side in one round. */
  private record Round(double rowsPerSecond, double rowsPerCpuSecond) {}

  private interface Run {
    void run() throws Exception;
  }

  /** Runs all rounds. */
  public BenchResult run() throws Exception {
    EngineConfig engine = engineConfig();
    int threads =
        engine.threads() == 0 ? Runtime.getRuntime().availableProcessors() : engine.threads();
    ModelDescription description = describe(engine);
    List<TokenizedText> tokens = PassageBatches.tokenized(description, texts);
    List<List<Integer>> batches = PassageBatches.sorted(tokens);
    List<Round> whole = new ArrayList<>();
    List<Round> bare = new ArrayList<>();
    try (EmbeddedServers servers = EmbeddedServers.builder().build().start();
        Pipeline pipeline =
            HeadracePipeline.withModel(
                model, servers.kafkaBootstrap(), servers.redisUri(), settings);
        TorchEncoder encoder = TorchEncoder.open(description, engine.precision(), threads)) {
      for (int i = 0; i <= rounds; i++) {
        Round a = measure("pipeline", i, () -> pipeline.run(texts, texts.size()));
        Round b =
            measure(
                "engine",
                i,
                () -> batches.forEach(r -> encoder.encode(r.stream().map(tokens::get).toList())));
        if (i > 0) {
          whole.add(a);
          bare.add(b);
        }
      }
    }
    return result(whole, bare, threads);
  }

  private EngineConfig engineConfig() {
    Map<String, String> values = new HashMap<>(settings);
    values.put("worker.models", model);
    return EngineConfig.read(Settings.of(values));
  }

  private ModelDescription describe(EngineConfig engine) throws IOException {
    ModelCatalog catalog = ModelCatalog.builtIn();
    if (!engine.folder().isEmpty()) {
      catalog = catalog.with(ModelFolders.read(Path.of(engine.folder()), engine.models()));
    }
    ModelCatalog known = catalog;
    return known
        .find(model)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "model: " + model + " (expected: one of " + known.names() + ")"));
  }

  private Round measure(String side, int round, Run run) throws Exception {
    long cpu = os.getProcessCpuTime();
    long start = System.nanoTime();
    run.run();
    double seconds = (System.nanoTime() - start) / 1e9;
    double cpuSeconds = (os.getProcessCpuTime() - cpu) / 1e9;
    Round measured = new Round(texts.size() / seconds, texts.size() / cpuSeconds);
    progress.printf(
        Locale.ROOT,
        "%s: %-8s %7.1f rows/s, %6.1f rows per CPU second%n",
        round == 0 ? "warm-up" : "round " + round,
        side,
        measured.rowsPerSecond(),
        measured.rowsPerCpuSecond());
    return measured;
  }

  private BenchResult result(List<Round> whole, List<Round> bare, int threads) {
    int n = whole.size();
    double[] ratios = new double[n];
    double[] cpuRatios = new double[n];
    for (int i = 0; i < n; i++) {
      ratios[i] = whole.get(i).rowsPerSecond() / bare.get(i).rowsPerSecond();
      cpuRatios[i] = whole.get(i).rowsPerCpuSecond() / bare.get(i).rowsPerCpuSecond();
    }
    Map<String, Double> figures = new LinkedHashMap<>();
    figures.put("pipeline_efficiency", new Samples(ratios).median());
    figures.put("pipeline_cpu_efficiency", new Samples(cpuRatios).median());
    figures.put("pipeline_rows_per_second", median(whole));
    figures.put("engine_rows_per_second", median(bare));
    figures.put("engine_threads", (double) threads);
    return new BenchResult(
        "pipeline", figures, Map.of("pipeline_efficiency", new Goal(GOAL, true)));
  }

  private static double median(List<Round> rounds) {
    return new Samples(rounds.stream().mapToDouble(Round::rowsPerSecond).toArray()).median();
  }
}
