package dev.headrace.bench.pipeline;

import com.sun.management.OperatingSystemMXBean;
import dev.headrace.bench.BenchResult;
import dev.headrace.bench.BenchResult.Goal;
import dev.headrace.bench.Samples;
import dev.headrace.embedded.EmbeddedServers;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Throughput at saturation and latency unloaded, Headrace over the hand-written pipeline. Each has
 * a JVM of its own ({@link Side}); both use the same broker (in this JVM) and Redis, run in turns,
 * and carry the same requests and answers. Each figure is the median over the rounds, after rounds
 * that only warm up: until the compilers take next to nothing.
 */
public final class PipelineBench {
  /** Requests that wait at a time at saturation (chosen). */
  private static final int SATURATED = 2000;

  private static final int UNLOADED_REQUESTS = 300;

  /** Share of the CPU's time that the JVM's compilers take when all is warm (chosen). */
  static final double WARM = 0.05;

  /** On 2 cores a round is some seconds, and methods become hot for two minutes. */
  private static final int MAX_WARM_UP = 20;

  private final int rounds;
  private final int requests;
  private final Map<String, String> settings;
  private final Variant variant;
  private final PrintStream progress;
  private final OperatingSystemMXBean os =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

  /**
   * A benchmark.
   *
   * @param rounds that count
   * @param requests of each side in each round
   * @param settings of Headrace over its defaults
   * @param variant a third side, Headrace too, on servers of its own
   * @param progress takes a line per round
   */
  public PipelineBench(
      int rounds,
      int requests,
      Map<String, String> settings,
      Variant variant,
      PrintStream progress) {
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
    this.variant = variant;
    this.progress = progress;
  }

  /**
   * One side in one round.
   *
   * @param cpuSecondsPer1k of its process and the broker's, without Redis
   * @param compiling share of its CPU time that its compilers took
   */
  private record Round(
      double requestsPerSecond,
      double cpuSecondsPer1k,
      double p50Ms,
      double p99Ms,
      double compiling) {}

  private record Pair(Round headrace, Round baseline, @Nullable Round variant) {
    double compiling() {
      double two = Math.max(headrace.compiling(), baseline.compiling());
      return variant == null ? two : Math.max(two, variant.compiling());
    }
  }

  /** The variant, and servers that only it uses. */
  private static final class Beside implements AutoCloseable {
    final EmbeddedServers servers;
    final Side side;

    Beside(String classPath, Map<String, String> settings) throws IOException {
      servers = EmbeddedServers.builder().build().start();
      try {
        side = Side.headrace(classPath, servers, settings);
      } catch (IOException e) {
        servers.close();
        throw e;
      }
    }

    @Override
    public void close() {
      side.close();
      servers.close();
    }
  }

  private @Nullable Beside beside() throws IOException {
    if (variant.none()) {
      return null;
    }
    Map<String, String> all = new HashMap<>(settings);
    all.putAll(variant.settings());
    return new Beside(variant.classPath(), all);
  }

  /** Runs all rounds. */
  public BenchResult run() throws Exception {
    List<Pair> pairs = new ArrayList<>();
    int warmUp = 0;
    try (EmbeddedServers servers = EmbeddedServers.builder().build().start();
        Side ours = Side.headrace(Variant.NONE.classPath(), servers, settings);
        Side theirs = Side.baseline(servers);
        Beside other = beside()) {
      for (boolean warm = false; !warm && warmUp < MAX_WARM_UP; ) {
        warm = measure("warm-up " + ++warmUp, ours, theirs, other).compiling() < WARM;
      }
      for (int i = 1; i <= rounds; i++) {
        pairs.add(measure("round " + i, ours, theirs, other));
      }
    }
    return result(pairs, warmUp);
  }

  private Pair measure(String name, Side ours, Side theirs, @Nullable Beside other)
      throws IOException {
    Round a = measure(ours);
    Round b = measure(theirs);
    Round c = other == null ? null : measure(other.side);
    progress.printf(
        Locale.ROOT,
        "%s: headrace %.0f/s, %.3f CPU s per 1k, p50 %.2f ms; baseline %.0f/s, %.3f, %.2f ms;"
            + " ratio %.2f, compilers %.0f %% and %.0f %%%n",
        name,
        a.requestsPerSecond(),
        a.cpuSecondsPer1k(),
        a.p50Ms(),
        b.requestsPerSecond(),
        b.cpuSecondsPer1k(),
        b.p50Ms(),
        a.requestsPerSecond() / b.requestsPerSecond(),
        100 * a.compiling(),
        100 * b.compiling());
    if (c != null) {
      progress.printf(
          Locale.ROOT,
          "%s: variant %.0f/s, %.3f CPU s per 1k, p50 %.2f ms; ratio to headrace %.2f%n",
          name,
          c.requestsPerSecond(),
          c.cpuSecondsPer1k(),
          c.p50Ms(),
          c.requestsPerSecond() / a.requestsPerSecond());
    }
    return new Pair(a, b, c);
  }

  private Round measure(Side side) throws IOException {
    long servers = os.getProcessCpuTime();
    Side.Run saturated = side.run(requests, SATURATED);
    double cpu = saturated.cpuSeconds() + (os.getProcessCpuTime() - servers) / 1e9;
    Samples unloaded =
        new Samples(
            Arrays.stream(side.run(UNLOADED_REQUESTS, 1).latencyNanos())
                .mapToDouble(n -> n / 1e6)
                .toArray());
    return new Round(
        requests / saturated.seconds(),
        cpu / requests * 1000,
        unloaded.median(),
        unloaded.percentile(99),
        saturated.compilerSeconds() / saturated.cpuSeconds());
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
    figures.putAll(ofVariant(pairs));
    figures.put("warm_up_rounds", (double) warmUp);
    figures.put("compilers_share", median(pairs.stream().map(Pair::compiling)));
    return new BenchResult(
        "pipeline",
        figures,
        Map.of("throughput_ratio", new Goal(0.5, true), "latency_p50_ratio", new Goal(2.0, false)));
  }

  /** The variant over Headrace without it. */
  private static Map<String, Double> ofVariant(List<Pair> pairs) {
    List<double[]> ratios = new ArrayList<>();
    for (Pair pair : pairs) {
      Round a = pair.headrace();
      Round c = pair.variant();
      if (c != null) {
        ratios.add(
            new double[] {
              c.requestsPerSecond() / a.requestsPerSecond(),
              c.cpuSecondsPer1k() / a.cpuSecondsPer1k(),
              c.p50Ms() / a.p50Ms(),
              c.p99Ms() / a.p99Ms()
            });
      }
    }
    Map<String, Double> figures = new LinkedHashMap<>();
    if (!ratios.isEmpty()) {
      figures.put("variant_throughput_ratio", median(ratios.stream().map(r -> r[0])));
      figures.put("variant_cpu_ratio", median(ratios.stream().map(r -> r[1])));
      figures.put("variant_latency_p50_ratio", median(ratios.stream().map(r -> r[2])));
      figures.put("variant_latency_p99_ratio", median(ratios.stream().map(r -> r[3])));
    }
    return figures;
  }

  private static double median(java.util.stream.Stream<Double> values) {
    return new Samples(values.mapToDouble(Double::doubleValue).toArray()).median();
  }
}
