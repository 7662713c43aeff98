package dev.headrace.bench.gpu;

import dev.headrace.bench.BenchResult;
import dev.headrace.worker.engine.ComputeDevice;
import dev.headrace.worker.engine.DeviceCeilings;
import dev.headrace.worker.engine.DeviceInventory;
import dev.headrace.worker.engine.TorchEngine;
import dev.headrace.worker.model.ModelDescription;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;

/** Encoders, decoders and whole fleets on this machine's GPUs, beside the ceilings and PyTorch. */
public final class GpuBench {
  /** What can be measured alone; those that need more GPUs than there are are left out. */
  public enum Part {
    ENCODERS,
    GENERATE,
    GENERATE_PIPELINE,
    PIPELINE,
    TWO_GPUS,
    GROUP,
    DEVICE_ERROR,
    ON_DEMAND,
    STORM,
    MIXED,
    PRODUCTS,
    REFERENCE,
    REFERENCE_COMPILED
  }

  /** Rows of one large request (chosen). */
  private static final int LARGE_REQUEST = 2048;

  private final List<String> texts;
  private final String python;
  private final double stormSeconds;
  private final Set<Part> parts;
  private final PrintStream progress;
  private final Map<String, Double> figures = new TreeMap<>();
  private Map<String, String> settings = Map.of();
  private Consumer<BenchResult> soFar = result -> {};

  /**
   * A benchmark.
   *
   * @param texts real passages
   * @param python a Python with torch and transformers for the comparison; empty for none
   * @param stormSeconds how long more is asked for than memory allows
   * @param parts what to measure
   * @param progress takes a line per figure
   */
  public GpuBench(
      List<String> texts,
      String python,
      double stormSeconds,
      Set<Part> parts,
      PrintStream progress) {
    this.texts = List.copyOf(texts);
    this.python = python;
    this.stormSeconds = stormSeconds;
    this.parts = EnumSet.copyOf(parts);
    this.progress = progress;
  }

  /** Figures of an earlier run on the same machine, for the ratios of parts that do not run now. */
  public void known(String json) {
    figures.putAll(PythonReference.figures(json));
    figures.remove("goal");
  }

  /** Settings of the pipeline's workers, over the benchmark's own. */
  public void settings(Map<String, String> values) {
    settings = Map.copyOf(values);
  }

  /** Who takes what was measured so far, whenever a part ends: a machine may go before the last. */
  public void afterEachPart(Consumer<BenchResult> taker) {
    soFar = taker;
  }

  /**
   * Runs all parts: first those that need both GPUs or a quiet machine, then the storm on the
   * second GPU, in a process of its own, while the others run on the first.
   */
  public BenchResult run() throws IOException, InterruptedException {
    List<ComputeDevice> gpus =
        DeviceInventory.discover().stream()
            .filter(d -> d.kind() == ComputeDevice.Kind.CUDA)
            .toList();
    if (gpus.isEmpty()) {
      throw new IllegalStateException(
          "GPUs: none (expected: at least one; headrace doctor says why)");
    }
    ComputeDevice gpu = gpus.get(0);
    progress.println(
        "device " + gpu.name() + ", " + Runtime.getRuntime().availableProcessors() + " cores");
    if (parts.equals(EnumSet.of(Part.STORM))) {
      FleetBench fleet = fleet();
      part("storm", () -> fleet.storm(stormSeconds, gpus.size() - 1), fleet);
      return result();
    }
    if (parts.contains(Part.ON_DEMAND)) {
      // First, while libtorch keeps nothing of the others for later: it counts what the driver has.
      FleetBench fleet = fleet();
      part("models on demand", fleet::onDemand, fleet);
    }
    withoutPipeline(gpu);
    fleets(gpus.size());
    StormProcess storm = StormProcess.NONE;
    if (parts.contains(Part.STORM) && gpus.size() > 1) {
      storm = StormProcess.start(1, stormSeconds, settings);
    }
    try {
      onFirst(gpu);
      if (parts.contains(Part.STORM) && gpus.size() == 1) {
        storm = StormProcess.start(0, stormSeconds, settings);
      }
      StormProcess last = storm;
      part("storm", () -> last.figures().forEach(this::figure));
    } finally {
      storm.close();
    }
    return result();
  }

  private void withoutPipeline(ComputeDevice gpu) throws IOException {
    EncoderBench encoders = new EncoderBench(texts, this::figure);
    try (TorchEngine engine = TorchEngine.open(gpu, 1)) {
      DeviceCeilings ceilings = DeviceCeilings.measure(engine);
      figure("matrix_tflops", ceilings.matrixFlops() / 1e12);
      figure("matrix_sustained_tflops", ceilings.sustainedMatrixFlops() / 1e12);
      figure("copy_gb_per_second", ceilings.copyBytesPerSecond() / 1e9);
      if (parts.contains(Part.ENCODERS)) {
        encoders.run(engine);
      } else if (parts.contains(Part.PRODUCTS)) {
        encoders.products(engine);
      }
      if (parts.contains(Part.PIPELINE) && !parts.contains(Part.ENCODERS)) {
        encoders.mixedOnly(engine);
      }
      figure("cuda_graphs", engine.records() ? 1 : 0);
    }
    soFar.accept(result());
  }

  /** What needs one GPU, and does not mind that other cores are busy. */
  private void onFirst(ComputeDevice gpu) throws InterruptedException {
    if (parts.contains(Part.GENERATE)) {
      part("generation", () -> generate(gpu));
    }
    if (parts.contains(Part.GENERATE_PIPELINE)) {
      part(
          "generation through the pipeline",
          () ->
              new GenerateFleet(
                      RandomLlama.LLAMA32_1B, settings, "cuda:0", 1024, 128, 256, progress)
                  .run(this::figure));
    }
    if (parts.contains(Part.DEVICE_ERROR)) {
      part("device error", () -> new DeviceErrorBench("cuda:0", progress).run(this::figure));
    }
    if (parts.contains(Part.MIXED)) {
      FleetBench fleet = fleet();
      part("mixed fleet", fleet::mixedFleet, fleet);
    }
    references();
  }

  private void references() throws InterruptedException {
    if (!python.isEmpty() && parts.contains(Part.ENCODERS)) {
      part(
          "pytorch",
          () ->
              PythonReference.encoders(
                      python,
                      EncoderBench.SHAPES,
                      EncoderBench.LATENCY_TOKENS,
                      new EncoderBench(texts, this::figure).mixed(),
                      progress)
                  .forEach((key, value) -> figure("pytorch_" + key, value)));
    }
    if (!python.isEmpty() && parts.contains(Part.REFERENCE)) {
      part(
          "transformers",
          () ->
              GenerateBench.transformers(python, parts.contains(Part.REFERENCE_COMPILED), progress)
                  .forEach((key, value) -> figure("transformers_" + key, value)));
    }
  }

  private void generate(ComputeDevice gpu) throws IOException, InterruptedException {
    GenerateBench bench = new GenerateBench(gpu, this::figure, progress);
    bench.agreement();
    bench.speed(figures.getOrDefault("copy_gb_per_second", 0.0) * 1e9);
  }

  private FleetBench fleet() {
    return new FleetBench(RandomBert.describe(), texts, settings, progress);
  }

  private void fleets(int gpus) throws InterruptedException {
    FleetBench fleets = fleet();
    if (parts.contains(Part.PIPELINE)) {
      part("one GPU", fleets::oneGpu, fleets);
    }
    if (gpus > 1 && parts.contains(Part.TWO_GPUS)) {
      ModelDescription bert = RandomBert.describe();
      EncoderBench encoders = new EncoderBench(texts, this::figure);
      part("two GPUs", fleets::twoGpus, fleets);
      part(
          "two engines",
          () -> figure("two_gpu_engine_ratio", TwoEngines.ratio(bert, encoders.mixed())));
      part("lost device", fleets::lostDevice, fleets);
      part("peers", () -> Transfers.peers().forEach(this::figure));
    }
    if (gpus > 1 && parts.contains(Part.GROUP)) {
      part("one large request", () -> largeRequest(RandomBert.describe()));
      part("group", fleets::group, fleets);
    }
  }

  /** Several times all texts, as one request. */
  private void largeRequest(ModelDescription bert) throws IOException {
    List<String> request = new ArrayList<>();
    for (int i = 0; i < LARGE_REQUEST; i++) {
      request.add(texts.get(i % texts.size()));
    }
    new GroupSpeed(bert, request).run(List.of("cuda:0", "cuda:0+cuda:1"), this::figure);
  }

  private interface Measurement {
    void run() throws Exception;
  }

  /** A part that breaks leaves its figures out, and the others run. */
  private void part(String name, Measurement part) throws InterruptedException {
    try {
      part.run();
    } catch (InterruptedException e) {
      throw e;
    } catch (Exception e) {
      progress.println(name + ": " + e);
      e.printStackTrace(progress);
    }
    soFar.accept(result());
  }

  /** The same, of what keeps its figures itself. */
  private void part(String name, Measurement part, FleetBench figures) throws InterruptedException {
    part(
        name,
        () -> {
          try {
            part.run();
          } finally {
            this.figures.putAll(figures.figures());
          }
        });
  }

  private BenchResult result() {
    GpuRatios ratios = new GpuRatios(figures);
    ratios.derive();
    return new BenchResult("gpu", figures, ratios.goals());
  }

  private void figure(String key, double value) {
    figures.put(key, value);
    progress.println(String.format(Locale.ROOT, "%-44s %14.3f", key, value));
  }
}
