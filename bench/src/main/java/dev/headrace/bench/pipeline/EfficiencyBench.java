package dev.headrace.bench.pipeline;

import com.sun.management.OperatingSystemMXBean;
import dev.headrace.bench.BenchResult;
import dev.headrace.bench.BenchResult.Goal;
import dev.headrace.bench.JvmTimes;
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
import java.util.stream.IntStream;

/**
 * The whole pipeline over the bare engine: rows per second of one request a passage, from the
 * client to the broker, the router, the worker and back, over those of a loop that runs the same
 * passages, tokenised beforehand and sorted by length, on an engine with as many threads. Both in
 * one process, in turns; broker and Redis run on the same cores.
 *
 * <p>The pipeline runs the passages twice with some hundred in flight, and what counts is the time
 * between the answer to the first quarter and the answer to the third: about as many rows as there
 * are passages, from the end of one batch to the end of another, without filling and emptying. The
 * figure with both is given besides.
 */
public final class EfficiencyBench {
  /** Share that the whole pipeline should reach (issue 3). */
  public static final double GOAL = 0.95;

  /** Requests that wait at a time, for a queue that batches can be chosen from (chosen). */
  private static final int IN_FLIGHT = 512;

  private static final int MAX_WARM_UP = 30;

  /** Short, so that what is not the engine has run often enough to be compiled (chosen). */
  private static final int WARM_UP_TEXTS = 4000;

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

  /**
   * One side in one round.
   *
   * @param withEnds rows per second when filling and emptying the pipeline count too
   * @param busy share of the time in which the device ran
   * @param batchRows mean
   */
  private record Round(
      double rowsPerSecond,
      double rowsPerCpuSecond,
      double withEnds,
      double busy,
      double batchRows) {}

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
        HeadracePipeline pipeline =
            HeadracePipeline.withModel(
                model, servers.kafkaBootstrap(), servers.redisUri(), settings);
        TorchEncoder encoder = TorchEncoder.open(description, engine.precision(), threads)) {
      warmUp(pipeline);
      for (int i = 0; i <= rounds; i++) {
        Round a = tell("pipeline", i, measure(pipeline));
        Round b =
            tell(
                "engine",
                i,
                measure(
                    () ->
                        batches.forEach(
                            r -> encoder.encode(r.stream().map(tokens::get).toList()))));
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

  /** Until the compilers of the JVM, which run on the engine's cores, take next to nothing. */
  private void warmUp(HeadracePipeline pipeline) throws InterruptedException {
    for (int i = 0; i < MAX_WARM_UP; i++) {
      String round = "round " + i + " text ";
      List<String> words =
          IntStream.range(0, WARM_UP_TEXTS).mapToObj(text -> round + text).toList();
      JvmTimes times = new JvmTimes();
      pipeline.run(words, IN_FLIGHT);
      double share = times.compilerShare();
      progress.printf(Locale.ROOT, "warm-up: compilers %.0f %%%n", 100 * share);
      if (share < PipelineBench.WARM) {
        return;
      }
    }
  }

  private Round measure(HeadracePipeline pipeline) throws InterruptedException {
    int n = texts.size();
    List<String> twice = new ArrayList<>(texts);
    twice.addAll(texts);
    HeadracePipeline.Device before = pipeline.device();
    long cpu = os.getProcessCpuTime();
    long start = System.nanoTime();
    long[] at = pipeline.completions(twice, Math.max(1, Math.min(IN_FLIGHT, n / 2)));
    double seconds = (System.nanoTime() - start) / 1e9;
    double cpuSeconds = (os.getProcessCpuTime() - cpu) / 1e9;
    HeadracePipeline.Device device = pipeline.device().since(before);
    return new Round(
        Steady.perSecond(at, n / 2, n / 2 + n),
        twice.size() / cpuSeconds,
        twice.size() / seconds,
        device.busySeconds() / seconds,
        device.rows() / device.batches());
  }

  private Round measure(Runnable engine) {
    long cpu = os.getProcessCpuTime();
    long start = System.nanoTime();
    engine.run();
    double seconds = (System.nanoTime() - start) / 1e9;
    double cpuSeconds = (os.getProcessCpuTime() - cpu) / 1e9;
    double rate = texts.size() / seconds;
    return new Round(rate, texts.size() / cpuSeconds, rate, 1, PassageBatches.BATCH);
  }

  private Round tell(String side, int round, Round measured) {
    progress.printf(
        Locale.ROOT,
        "%s: %-8s %7.1f rows/s (with its ends %.1f), %6.1f rows per CPU second, device busy %.0f %%,"
            + " %.1f rows a batch%n",
        round == 0 ? "warm-up" : "round " + round,
        side,
        measured.rowsPerSecond(),
        measured.withEnds(),
        measured.rowsPerCpuSecond(),
        100 * measured.busy(),
        measured.batchRows());
    return measured;
  }

  private BenchResult result(List<Round> whole, List<Round> bare, int threads) {
    int n = whole.size();
    double[] ratios = new double[n];
    double[] cpuRatios = new double[n];
    double[] withEnds = new double[n];
    for (int i = 0; i < n; i++) {
      ratios[i] = whole.get(i).rowsPerSecond() / bare.get(i).rowsPerSecond();
      withEnds[i] = whole.get(i).withEnds() / bare.get(i).rowsPerSecond();
      cpuRatios[i] = whole.get(i).rowsPerCpuSecond() / bare.get(i).rowsPerCpuSecond();
    }
    Map<String, Double> figures = new LinkedHashMap<>();
    figures.put("pipeline_efficiency", new Samples(ratios).median());
    figures.put("pipeline_efficiency_with_ends", new Samples(withEnds).median());
    figures.put(
        "device_busy_share",
        new Samples(whole.stream().mapToDouble(Round::busy).toArray()).median());
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
