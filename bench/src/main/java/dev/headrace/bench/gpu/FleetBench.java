package dev.headrace.bench.gpu;

import dev.headrace.bench.JvmTimes;
import dev.headrace.protocol.config.Settings;
import dev.headrace.worker.cuda.Cuda;
import dev.headrace.worker.cuda.DeviceMemory;
import dev.headrace.worker.device.EngineFactory;
import dev.headrace.worker.encode.EncoderRunner;
import dev.headrace.worker.encode.EngineConfig;
import dev.headrace.worker.model.ModelCatalog;
import dev.headrace.worker.model.ModelDescription;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** The whole pipeline, Kafka and Redis in it, on this machine's GPUs. */
final class FleetBench {
  private static final int TEXTS = 16;
  private static final String MINI_LM = "all-minilm-l6-v2";
  private static final int IN_FLIGHT_ROWS = 16_384;

  /**
   * Rows of a round; chosen: some seconds on a large GPU, so that filling and emptying count
   * little.
   */
  private static final int ROWS = 131_072;

  private static final int ROUNDS = 3;
  private static final int MAX_WARM_UP = 4;

  /** Warm-up ends when the JVM's compilers take less of the CPU time (chosen). */
  private static final double WARM = 0.03;

  /** AWS c5.4xlarge (16 processors), on demand, us-east-1, from AWS's guide to Auto Scaling. */
  private static final double CPU_USD_PER_HOUR = 0.68;

  /**
   * Memory left to the worker in the storm, beside its model. BERT-base takes some 9 KB a token, so
   * this is for 45,000 tokens, and one of the larger requests alone has 32,768.
   */
  private static final long STORM_BYTES = 256L << 20;

  private static final long STORM_SLACK = 128L << 20;

  /** Texts of the storm's requests, in turns; and of how many passages each is made. */
  private static final int[] STORM_TEXTS = {1, 64, 8, 32, 3, 64, 16, 48};

  private static final int[] STORM_PASSAGES = {1, 12, 4, 2, 8, 12, 6};

  /** Left for models and work: one BERT-base's 0.2 GB fits beside a load's reserve, not two. */
  private static final long ON_DEMAND_BYTES = 700L << 20;

  private static final int ON_DEMAND_ROWS = 4096;

  private final ModelDescription bert;
  private final List<String> texts;
  private final Map<String, String> settings;
  private final PrintStream progress;
  private final Map<String, Double> figures = new TreeMap<>();

  /**
   * A benchmark.
   *
   * @param settings of workers on GPUs, over those that are chosen here
   */
  FleetBench(
      ModelDescription bert,
      List<String> texts,
      Map<String, String> settings,
      PrintStream progress) {
    this.settings = settings;
    this.bert = bert;
    this.texts = texts;
    this.progress = progress;
  }

  Map<String, Double> figures() {
    return figures;
  }

  private Map<String, String> gpuSettings(int gpu) {
    Map<String, String> values = new HashMap<>();
    values.put("worker.device", "cuda:" + gpu);
    values.put("worker.device-type", "gpu");
    values.put("worker.id", "gpu-" + gpu);
    values.put("worker.precision", "bf16");
    values.put("worker.models", bert.name());
    values.put("worker.usd-per-hour", "3.85");
    values.put("worker.batch.max-rows", "1024");
    values.put("worker.batch.max-tokens", "65536");
    values.put("worker.batch.ahead", "60ms");
    values.putAll(settings);
    return values;
  }

  private Fleet.Member gpu(int gpu) {
    Map<String, String> values = gpuSettings(gpu);
    return new Fleet.Member(values, engine(values));
  }

  private EngineFactory engine(Map<String, String> values) {
    ModelCatalog catalog = ModelCatalog.builtIn().with(List.of(bert));
    return EncoderRunner.factory(EngineConfig.read(Settings.of(values)), catalog, System::nanoTime);
  }

  private List<List<String>> requests(int rows, int perRequest) {
    List<List<String>> requests = new ArrayList<>();
    for (int at = 0; at < rows; at += perRequest) {
      List<String> one = new ArrayList<>(perRequest);
      for (int i = 0; i < perRequest; i++) {
        one.add(texts.get((at + i) % texts.size()));
      }
      requests.add(one);
    }
    return requests;
  }

  /** One GPU, one text a request and several. */
  void oneGpu() throws InterruptedException {
    try (Fleet fleet = new Fleet(List.of(gpu(0)))) {
      figure("pipeline_rows_per_second_16", rate(fleet, TEXTS, 1));
      figure("pipeline_rows_per_second_1", rate(fleet, 1, 1));
    }
  }

  /** As many workers as GPUs, in this process. */
  void twoGpus() throws InterruptedException {
    try (Fleet fleet = new Fleet(List.of(gpu(0), gpu(1)))) {
      figure("pipeline_two_gpu_rows_per_second", rate(fleet, TEXTS, 2));
    }
  }

  /** One worker on two GPUs that share each batch. */
  void group() throws InterruptedException {
    Map<String, String> values = gpuSettings(0);
    values.put("worker.device", "cuda:0+cuda:1");
    values.put("worker.batch.max-rows", "2048");
    values.put("worker.batch.max-tokens", "131072");
    values.putAll(settings);
    try (Fleet fleet = new Fleet(List.of(new Fleet.Member(values, engine(values))))) {
      figure("pipeline_group_rows_per_second", rate(fleet, TEXTS, 2));
    }
  }

  /**
   * The median of the rounds after the JVM's compilers are done.
   *
   * @param gpus as many times the work, so that filling and emptying count alike
   */
  private double rate(Fleet fleet, int perRequest, int gpus) throws InterruptedException {
    List<List<String>> requests = requests(gpus * ROWS, perRequest);
    int inFlight = gpus * IN_FLIGHT_ROWS / perRequest;
    double compiling = 1;
    for (int i = 0; i < MAX_WARM_UP && compiling > WARM; i++) {
      JvmTimes times = new JvmTimes();
      FleetRun run = fleet.run(bert.name(), requests, inFlight);
      compiling = times.compilerShare();
      progress.printf(Locale.ROOT, "fleet warm-up compilers=%.3f %s%n", compiling, run);
    }
    List<FleetRun> runs = new ArrayList<>();
    for (int i = 0; i < ROUNDS; i++) {
      FleetRun run = fleet.run(bert.name(), requests, inFlight);
      progress.println("fleet " + run);
      runs.add(run);
    }
    runs.sort(Comparator.comparingDouble(FleetRun::rowsPerSecond));
    FleetRun median = runs.get(ROUNDS / 2);
    if (gpus == 1) {
      figure("pipeline_batch_rows_" + perRequest, median.load().batchRows());
      figure("pipeline_device_busy_share_" + perRequest, median.load().busyShare());
      figure("pipeline_loop_cores_" + perRequest, median.load().cores("worker-loop"));
      // The same work in every run: it tells how fast the host was.
      figure(
          "pipeline_prepare_cpu_us_" + perRequest,
          1e6 * median.load().cores("prepare") / median.rowsPerSecond());
    }
    return median.rowsPerSecond();
  }

  /** One of two workers loses its device in the middle; the other does its work. */
  void lostDevice() throws InterruptedException {
    Map<String, String> values = gpuSettings(1);
    EngineFactory sound = engine(values);
    Fleet.Member failing = new Fleet.Member(values, () -> new FailingEngine(sound.open(), 40));
    try (Fleet fleet = new Fleet(List.of(gpu(0), failing))) {
      FleetRun run = fleet.run(bert.name(), requests(ROWS, TEXTS), IN_FLIGHT_ROWS / TEXTS);
      progress.println("lost device " + run + " failure=" + fleet.worker(1).app().failure());
      figure("lost_device_ok_share", share(run, "OK"));
      figure("lost_device_ended", fleet.worker(1).app().failure() == null ? 0 : 1);
    }
  }

  /**
   * Three models where memory is left for one: whoever is asked for comes, the one used least
   * recently goes, by what the driver says is free.
   */
  void onDemand() throws InterruptedException {
    List<ModelDescription> models = List.of(named("a"), named("b"), named("c"));
    Map<String, String> values = gpuSettings(0);
    values.put("worker.models", "a,b,c");
    values.put("worker.models.memory", "auto");
    values.put("worker.batch.max-rows", "128");
    values.put("worker.batch.max-tokens", "8192");
    ModelCatalog catalog = ModelCatalog.builtIn().with(models);
    EngineFactory engine =
        EncoderRunner.factory(EngineConfig.read(Settings.of(values)), catalog, System::nanoTime);
    try (Fleet fleet = new Fleet(List.of(new Fleet.Member(values, engine)))) {
      fleet.run("a", requests(ON_DEMAND_ROWS, TEXTS), 64);
      Cuda.select(0);
      long free = Cuda.memory().freeBytes();
      try (DeviceMemory taken = new DeviceMemory(0, free - ON_DEMAND_BYTES)) {
        progress.println("on demand: took " + taken.bytes() + " of " + free + " bytes");
        int ok = 0;
        int all = 0;
        long most = 0;
        for (String model : List.of("b", "c", "a", "b", "a", "c")) {
          FleetRun run = fleet.run(model, requests(ON_DEMAND_ROWS, TEXTS), 64);
          ok += run.endings().getOrDefault("OK", 0);
          all += run.endings().values().stream().mapToInt(Integer::intValue).sum();
          most = Math.max(most, fleet.worker(0).app().health().modelBytes());
          progress.println("on demand " + model + " " + fleet.worker(0).app().health() + " " + run);
        }
        figure("on_demand_most_model_mib", most / (double) (1 << 20));
        figure("on_demand_ok_share", ok / (double) all);
      }
    }
  }

  private ModelDescription named(String name) {
    return new ModelDescription(
        name, bert.revision(), bert.config(), bert.maxTokens(), bert.head(), bert.files());
  }

  private static double share(FleetRun run, String ending) {
    int all = run.endings().values().stream().mapToInt(Integer::intValue).sum();
    return run.endings().getOrDefault(ending, 0) / (double) all;
  }

  /** Batches far larger than the memory that is left; every request has its outcome. */
  void storm(double seconds, int gpu) throws InterruptedException {
    Map<String, String> values = gpuSettings(gpu);
    values.put("worker.batch.max-rows", "8192");
    values.put("worker.batch.max-tokens", "1000000");
    values.put("worker.batch.max-duration", "20s");
    // Its batches would fill libtorch's cache before memory is taken away, and that would do.
    values.put("worker.warm-up", "0s");
    values.put("worker.prepare.threads", "6");
    values.put("worker.models", bert.name() + ",idle");
    values.put("worker.models.memory", "auto");
    values.putAll(settings);
    ModelCatalog catalog = ModelCatalog.builtIn().with(List.of(bert, named("idle")));
    EngineFactory engine =
        EncoderRunner.factory(EngineConfig.read(Settings.of(values)), catalog, System::nanoTime);
    try (Fleet fleet = new Fleet(List.of(new Fleet.Member(values, engine)))) {
      fleet.run("idle", requests(TEXTS, TEXTS), 4);
      fleet.run(bert.name(), requests(TEXTS, TEXTS), 4);
      long both = fleet.worker(0).app().health().modelBytes();
      Cuda.select(gpu);
      long free;
      long until = System.nanoTime() + (long) (seconds * 1e9);
      int requests = 0;
      int ok = 0;
      List<DeviceMemory> taken = new ArrayList<>();
      try {
        while (System.nanoTime() - until < 0) {
          // What libtorch gives back when memory runs out is taken, too.
          free = Cuda.memory().freeBytes();
          if (free > STORM_BYTES + STORM_SLACK) {
            taken.add(new DeviceMemory(gpu, free - STORM_BYTES));
            progress.println("storm: took all but " + STORM_BYTES + " of " + free + " bytes");
          }
          FleetRun run = fleet.run(bert.name(), stormRequests(), 512);
          requests += run.endings().values().stream().mapToInt(Integer::intValue).sum();
          ok += run.endings().getOrDefault("OK", 0);
          progress.println(
              "storm out of memory=%.0f free=%d unused=%.0f %s"
                  .formatted(
                      fleet.count("batch.failures"),
                      Cuda.memory().freeBytes(),
                      fleet.gauge("device.memory.unused.bytes"),
                      run));
        }
      } finally {
        taken.forEach(DeviceMemory::close);
      }
      long last = fleet.worker(0).app().health().modelBytes();
      figure("storm_idle_model_mib_unloaded", (both - last) / (double) (1 << 20));
      figure("storm_seconds", seconds);
      figure("storm_batches_out_of_memory", fleet.count("batch.failures"));
      figure("storm_requests", requests);
      figure("storm_outcome_ok_share", ok / (double) requests);
    }
  }

  /**
   * Small and large requests with short and long texts in turns, so that no two batches fit alike.
   */
  private List<List<String>> stormRequests() {
    List<List<String>> requests = new ArrayList<>();
    int at = 0;
    for (int i = 0; i < 512; i++) {
      List<String> one = new ArrayList<>();
      for (int k = 0; k < STORM_TEXTS[i % STORM_TEXTS.length]; k++) {
        int passages = STORM_PASSAGES[at++ % STORM_PASSAGES.length];
        int from = at % (texts.size() - passages);
        one.add(i + " " + k + " " + String.join(" ", texts.subList(from, from + passages)));
      }
      requests.add(one);
    }
    return requests;
  }

  /** MiniLM on a GPU and on this machine's CPU behind one router, and on either alone. */
  void mixedFleet() throws InterruptedException {
    Map<String, String> gpu = gpuSettings(0);
    gpu.put("worker.models", MINI_LM);
    Map<String, String> cpu = new HashMap<>();
    cpu.put("worker.device", "cpu");
    cpu.put("worker.device-type", "cpu-int8");
    cpu.put("worker.precision", "int8");
    cpu.put("worker.threads", "8");
    cpu.put("worker.models", MINI_LM);
    cpu.put("worker.usd-per-hour", Double.toString(CPU_USD_PER_HOUR));
    Fleet.Member onGpu = new Fleet.Member(gpu, null);
    Fleet.Member onCpu = new Fleet.Member(cpu, null);
    mixed("mixed", List.of(onGpu, onCpu), ROWS);
    mixed("gpu_only", List.of(onGpu), ROWS);
    mixed("cpu_only", List.of(onCpu), ROWS / 8);
  }

  private void mixed(String name, List<Fleet.Member> members, int rows)
      throws InterruptedException {
    try (Fleet fleet = new Fleet(members)) {
      fleet.run(MINI_LM, requests(rows / 4, TEXTS), IN_FLIGHT_ROWS / TEXTS);
      FleetRun run = fleet.run(MINI_LM, requests(rows, TEXTS), IN_FLIGHT_ROWS / TEXTS);
      progress.println(name + " " + run);
      figure("minilm_" + name + "_rows_per_second", run.rowsPerSecond());
      figure("minilm_" + name + "_usd_per_million_rows", 1000 * run.usdPerThousand());
      figure("minilm_" + name + "_gpu_share", run.share("gpu"));
    }
  }

  private void figure(String key, double value) {
    figures.put(key, value);
    progress.println(key + " " + value);
  }
}
