package dev.headrace.bench.pipeline;

import com.sun.management.OperatingSystemMXBean;
import dev.headrace.bench.BenchResult;
import dev.headrace.bench.BenchResult.Goal;
import dev.headrace.bench.Samples;
import dev.headrace.bench.baseline.BaselinePipeline;
import dev.headrace.embedded.EmbeddedServers;
import java.io.PrintStream;
import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Throughput at saturation and latency unloaded, Headrace over the hand-written pipeline. Both use
 * the same broker and Redis in the same JVM, run in turns, and carry the same requests and answers;
 * each figure is the median over the rounds, after rounds that only warm up: until the compilers of
 * the JVM take next to nothing, for Headrace has many times the code of the other.
 */
public final class PipelineBench {
  /** Requests that wait at a time at saturation (chosen). */
  private static final int SATURATED = 2000;

  private static final int UNLOADED_REQUESTS = 300;

  /** Share of the CPU's time that the JVM's compilers take when all is warm (chosen). */
  static final double WARM = 0.05;

  private static final int MAX_WARM_UP = 10;

  private final int rounds;
  private final int requests;
  private final Map<String, String> settings;
  private final PrintStream progress;
  private final OperatingSystemMXBean os =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
  private final CompilationMXBean compilers = ManagementFactory.getCompilationMXBean();
  private long serial;

  /**
   * A benchmark.
   *
   * @param rounds that count
   * @param requests of each side in each round
   * @param settings of Headrace over its defaults
   * @param progress takes a line per round
   */
  public PipelineBench(
      int rounds, int requests, Map<String, String> settings, PrintStream progress) {
    if (rounds < 1 || requests < SATURATED) {
      throw new IllegalArgumentException(
          "rounds, requests: "
              + rounds
              + ", "
              + requests
              + " (expected: >= 1, >= "
              + SATURATED
              + ")");
    }
    this.rounds = rounds;
    this.requests = requests;
    this.settings = Map.copyOf(settings);
    this.progress = progress;
  }

  /** One side in one round. */
  private record Round(
      double requestsPerSecond, double cpuSecondsPer1k, double p50Ms, double p99Ms) {}

  /**
   * Both sides.
   *
   * @param compiling share of the CPU's time that the compilers took
   */
  private record Pair(Round headrace, Round baseline, double compiling) {}

  /** Runs all rounds. */
  public BenchResult run() throws Exception {
    List<Pair> pairs = new ArrayList<>();
    int warmUp = 0;
    try (EmbeddedServers servers = EmbeddedServers.builder().build().start();
        Pipeline ours =
            HeadracePipeline.withoutDevice(servers.kafkaBootstrap(), servers.redisUri(), settings);
        Pipeline theirs =
            new BaselinePipeline(
                servers.kafkaBootstrap(), URI.create(servers.redisUri()), NoOpRunner.vector())) {
      for (boolean warm = false; !warm && warmUp < MAX_WARM_UP; ) {
        warm = measure("warm-up " + ++warmUp, ours, theirs).compiling() < WARM;
      }
      for (int i = 1; i <= rounds; i++) {
        pairs.add(measure("round " + i, ours, theirs));
      }
    }
    return result(pairs, warmUp);
  }

  private Pair measure(String name, Pipeline ours, Pipeline theirs) throws InterruptedException {
    long compiled = compilers.getTotalCompilationTime();
    long cpu = os.getProcessCpuTime();
    Round a = measure(ours);
    Round b = measure(theirs);
    double compiling =
        (compilers.getTotalCompilationTime() - compiled) / ((os.getProcessCpuTime() - cpu) / 1e6);
    progress.printf(
        Locale.ROOT,
        "%s: headrace %.0f/s, %.3f CPU s per 1k, p50 %.2f ms; baseline %.0f/s, %.3f, %.2f ms;"
            + " ratio %.2f, compilers %.0f %%%n",
        name,
        a.requestsPerSecond(),
        a.cpuSecondsPer1k(),
        a.p50Ms(),
        b.requestsPerSecond(),
        b.cpuSecondsPer1k(),
        b.p50Ms(),
        a.requestsPerSecond() / b.requestsPerSecond(),
        100 * compiling);
    return new Pair(a, b, compiling);
  }

  private Round measure(Pipeline pipeline) throws InterruptedException {
    long cpu = os.getProcessCpuTime();
    long start = System.nanoTime();
    long[] saturated = pipeline.run(texts(requests), SATURATED);
    double seconds = (System.nanoTime() - start) / 1e9;
    double cpuSeconds = (os.getProcessCpuTime() - cpu) / 1e9;
    Samples unloaded =
        new Samples(
            Arrays.stream(pipeline.run(texts(UNLOADED_REQUESTS), 1))
                .mapToDouble(n -> n / 1e6)
                .toArray());
    return new Round(
        saturated.length / seconds,
        cpuSeconds / saturated.length * 1000,
        unloaded.median(),
        unloaded.percentile(99));
  }

  /** Texts of the demo's usual length, no two alike, so that no cache helps. */
  private List<String> texts(int count) {
    String filler =
        "the state of the union is a report that the president gives to the congress in which "
            .repeat(3);
    List<String> texts = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      texts.add(serial++ + " " + filler);
    }
    return texts;
  }

  private static BenchResult result(List<Pair> pairs, int warmUp) {
    List<Round> headrace = pairs.stream().map(Pair::headrace).toList();
    List<Round> baseline = pairs.stream().map(Pair::baseline).toList();
    Map<String, Double> figures = new LinkedHashMap<>();
    int n = headrace.size();
    double[] throughput = new double[n];
    double[] p50 = new double[n];
    double[] p99 = new double[n];
    double[] cpu = new double[n];
    for (int i = 0; i < n; i++) {
      Round a = headrace.get(i);
      Round b = baseline.get(i);
      throughput[i] = a.requestsPerSecond() / b.requestsPerSecond();
      p50[i] = a.p50Ms() / b.p50Ms();
      p99[i] = a.p99Ms() / b.p99Ms();
      cpu[i] = a.cpuSecondsPer1k() / b.cpuSecondsPer1k();
    }
    figures.put("throughput_ratio", new Samples(throughput).median());
    figures.put("latency_p50_ratio", new Samples(p50).median());
    figures.put("latency_p99_ratio", new Samples(p99).median());
    figures.put("cpu_ratio", new Samples(cpu).median());
    figures.put("requests_per_second", median(headrace.stream().map(Round::requestsPerSecond)));
    figures.put("cpu_seconds_per_1k", median(headrace.stream().map(Round::cpuSecondsPer1k)));
    figures.put("latency_p50_ms", median(headrace.stream().map(Round::p50Ms)));
    figures.put("latency_p99_ms", median(headrace.stream().map(Round::p99Ms)));
    figures.put(
        "baseline_requests_per_second", median(baseline.stream().map(Round::requestsPerSecond)));
    figures.put("baseline_latency_p50_ms", median(baseline.stream().map(Round::p50Ms)));
    figures.put("warm_up_rounds", (double) warmUp);
    figures.put("compilers_share", median(pairs.stream().map(Pair::compiling)));
    return new BenchResult(
        "pipeline",
        figures,
        Map.of("throughput_ratio", new Goal(0.5, true), "latency_p50_ratio", new Goal(2.0, false)));
  }

  private static double median(java.util.stream.Stream<Double> values) {
    return new Samples(values.mapToDouble(Double::doubleValue).toArray()).median();
  }
}
