package dev.headrace.bench.gpu;

import dev.headrace.bench.BenchResult;
import dev.headrace.worker.engine.ComputeDevice;
import dev.headrace.worker.engine.DeviceCeilings;
import dev.headrace.worker.engine.DeviceInventory;
import dev.headrace.worker.engine.EncoderSession;
import dev.headrace.worker.engine.TorchEngine;
import dev.headrace.worker.model.ModelCatalog;
import dev.headrace.worker.model.ModelDescription;
import dev.headrace.worker.model.Precision;
import dev.headrace.worker.text.InvalidTextException;
import dev.headrace.worker.text.TextTokenizer;
import dev.headrace.worker.text.TokenizedText;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;

/** Encoders, decoders and whole fleets on this machine's GPUs, beside the ceilings and PyTorch. */
public final class GpuBench {
  /** What can be measured alone; those that need more GPUs than there are are left out. */
  public enum Part {
    ENCODERS,
    GENERATE,
    GENERATE_PIPELINE,
    PIPELINE,
    TWO_GPUS,
    DEVICE_ERROR,
    ON_DEMAND,
    STORM,
    MIXED,
    REFERENCE,
    REFERENCE_COMPILED
  }

  private static final int UNSORTED_ROWS = 500;
  private static final long SHUFFLE_SEED = 3;
  private static final int[][] SHAPES = {{1, 32}, {8, 64}, {64, 128}, {256, 128}, {64, 512}};
  private static final int LATENCY_TOKENS = 32;

  /** The most tokens of a batch of real passages, padding included; chosen. */
  private static final int MIXED_TOKENS = 32_768;

  /** Passages whose vectors are compared with the CPU's (chosen). */
  private static final int SOME = 64;

  /** Rows of one large request (chosen). */
  private static final int LARGE_REQUEST = 2048;

  private static final List<Precision> HALVES = List.of(Precision.FLOAT16, Precision.BFLOAT16);

  private final List<String> texts;
  private final String python;
  private final double stormSeconds;
  private final Set<Part> parts;
  private final PrintStream progress;
  private final Map<String, Double> figures = new TreeMap<>();
  private Map<String, String> settings = Map.of();

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

  /** Runs all parts. */
  public BenchResult run() throws IOException, InterruptedException {
    ComputeDevice gpu =
        DeviceInventory.discover().stream()
            .filter(GpuBench::isGpu)
            .findFirst()
            .orElseThrow(
                () ->
                    new IllegalStateException(
                        "GPUs: none (expected: at least one; headrace doctor says why)"));
    progress.println(
        "device " + gpu.name() + ", " + Runtime.getRuntime().availableProcessors() + " cores");
    if (parts.contains(Part.ON_DEMAND)) {
      // First, while libtorch keeps nothing of the others for later: it counts what the driver has.
      FleetBench fleet = new FleetBench(RandomBert.describe(), texts, settings, progress);
      part("models on demand", fleet::onDemand);
      fleet.figures().forEach(this::figure);
    }
    try (TorchEngine engine = TorchEngine.open(gpu, 1)) {
      DeviceCeilings ceilings = DeviceCeilings.measure(engine);
      figure("matrix_tflops", ceilings.matrixFlops() / 1e12);
      figure("copy_gb_per_second", ceilings.copyBytesPerSecond() / 1e9);
      if (parts.contains(Part.ENCODERS)) {
        encoders(engine);
      } else if (parts.contains(Part.PIPELINE)) {
        mixedOnly(engine);
      }
      figure("cuda_graphs", engine.records() ? 1 : 0);
    }
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
    fleets();
    if (parts.contains(Part.DEVICE_ERROR)) {
      part("device error", () -> new DeviceErrorBench("cuda:0", progress).run(this::figure));
    }
    stormAndReferences();
    GpuRatios ratios = new GpuRatios(figures, this::figure);
    ratios.derive();
    return new BenchResult("gpu", figures, ratios.goals());
  }

  /**
   * The storm has the second GPU for itself, if there is one, while PyTorch, which uses a core or
   * two, runs on the first: a machine is not had for as long as both take one after the other.
   */
  private void stormAndReferences() throws InterruptedException {
    Thread storm = new Thread(this::storm, "storm");
    if (parts.contains(Part.STORM)) {
      storm.start();
      if (gpus() == 1) {
        storm.join();
      }
    }
    if (!python.isEmpty() && parts.contains(Part.ENCODERS)) {
      part(
          "pytorch",
          () ->
              PythonReference.encoders(python, SHAPES, LATENCY_TOKENS, mixed(), progress)
                  .forEach((key, value) -> figure("pytorch_" + key, value)));
    }
    if (!python.isEmpty() && parts.contains(Part.REFERENCE)) {
      part(
          "transformers",
          () ->
              GenerateBench.transformers(python, parts.contains(Part.REFERENCE_COMPILED), progress)
                  .forEach((key, value) -> figure("transformers_" + key, value)));
    }
    storm.join();
  }

  private void storm() {
    FleetBench fleet = new FleetBench(RandomBert.describe(), texts, settings, progress);
    try {
      part("storm", () -> fleet.storm(stormSeconds, (int) Math.min(1, gpus() - 1)));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    fleet.figures().forEach(this::figure);
  }

  private static long gpus() {
    return DeviceInventory.discover().stream().filter(GpuBench::isGpu).count();
  }

  private void encoders(TorchEngine engine) throws IOException {
    List<List<TokenizedText>> mixed = mixed();
    ModelDescription bert = RandomBert.describe();
    shapes(engine, bert, Precision.FLOAT32, mixed);
    for (Precision precision : HALVES) {
      shapes(engine, bert, precision, mixed);
    }
    EncoderAgreement.measure(
        engine, miniLm(), tokens(miniLm()).subList(0, Math.min(SOME, texts.size())), this::figure);
    overlap(engine, bert);
    Transfers.host().forEach(this::figure);
  }

  private void generate(ComputeDevice gpu) throws IOException, InterruptedException {
    GenerateBench bench = new GenerateBench(gpu, this::figure, progress);
    bench.agreement();
    bench.speed(figures.getOrDefault("copy_gb_per_second", 0.0) * 1e9);
  }

  /** What the pipeline is compared with, where the encoders are not measured. */
  private void mixedOnly(TorchEngine engine) throws IOException {
    List<List<TokenizedText>> mixed = mixed();
    try (EncoderSession session = engine.load(RandomBert.describe(), Precision.BFLOAT16)) {
      double seconds = new EncoderSpeed(session).throughput(mixed) * mixed.size();
      figure("bf16_mixed", mixed.stream().mapToInt(List::size).sum() / seconds);
    }
  }

  /** What starting the next batch early brings: BERT-base's shape and MiniLM's. */
  private void overlap(TorchEngine engine, ModelDescription bert) throws IOException {
    for (ModelDescription model : List.of(bert, miniLm())) {
      try (EncoderSession session = engine.load(model, Precision.BFLOAT16)) {
        EncoderSpeed speed = new EncoderSpeed(session);
        List<List<TokenizedText>> batches = List.of(EncoderSpeed.texts(256, 64));
        double staged = speed.throughput(batches);
        figure("overlap_" + model.name() + "_ratio", speed.oneByOne(batches) / staged);
      }
    }
  }

  private void fleets() throws InterruptedException {
    ModelDescription bert = RandomBert.describe();
    FleetBench fleets = new FleetBench(bert, texts, settings, progress);
    if (parts.contains(Part.PIPELINE)) {
      part("one GPU", fleets::oneGpu);
    }
    if (gpus() > 1 && parts.contains(Part.TWO_GPUS)) {
      part("two GPUs", fleets::twoGpus);
      part("two engines", () -> figure("two_gpu_engine_ratio", TwoEngines.ratio(bert, mixed())));
      part("one large request", () -> largeRequest(bert));
      part("lost device", fleets::lostDevice);
      part("peers", () -> Transfers.peers().forEach(this::figure));
    }
    if (parts.contains(Part.MIXED)) {
      part("mixed fleet", fleets::mixedFleet);
    }
    figures.putAll(fleets.figures());
    ratio("pipeline_efficiency", "pipeline_rows_per_second_16", "bf16_mixed");
    ratio("two_gpu_ratio", "pipeline_two_gpu_rows_per_second", "pipeline_rows_per_second_16");
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
  }

  private void ratio(String key, String figure, String over) {
    if (figures.containsKey(figure) && figures.containsKey(over)) {
      figure(key, figures.get(figure) / figures.get(over));
    }
  }

  private static boolean isGpu(ComputeDevice device) {
    return device.kind() == ComputeDevice.Kind.CUDA;
  }

  private synchronized void figure(String key, double value) {
    figures.put(key, value);
    progress.println(String.format(Locale.ROOT, "%-44s %14.3f", key, value));
  }

  private void shapes(
      TorchEngine engine,
      ModelDescription bert,
      Precision precision,
      List<List<TokenizedText>> mixed)
      throws IOException {
    String name = precision.label();
    try (EncoderSession session = engine.load(bert, precision)) {
      EncoderSpeed speed = new EncoderSpeed(session);
      for (int[] shape : SHAPES) {
        double seconds = speed.throughput(List.of(EncoderSpeed.texts(shape[0], shape[1])));
        String key = name + "_" + shape[0] + "x" + shape[1];
        figure(key, shape[0] / seconds);
        figure(key + "_tflops", shape[0] * RandomBert.operations(shape[1]) / seconds / 1e12);
      }
      double seconds = speed.throughput(mixed) * mixed.size();
      int rows = mixed.stream().mapToInt(List::size).sum();
      int tokens = mixed.stream().flatMap(List::stream).mapToInt(TokenizedText::tokens).sum();
      figure(name + "_mixed", rows / seconds);
      figure(name + "_mixed_tokens_per_second", tokens / seconds);
      figure(name + "_mixed_unsorted", rows / (speed.throughput(unsorted()) * unsorted().size()));
      figure(name + "_latency_ms", 1e3 * speed.latency(EncoderSpeed.texts(1, LATENCY_TOKENS)));
    }
  }

  /** All passages as token ids that BERT's shape knows, in batches of like length. */
  private List<List<TokenizedText>> mixed() throws IOException {
    List<TokenizedText> tokens = new ArrayList<>(tokens(miniLm()));
    tokens.sort(Comparator.comparingInt(TokenizedText::tokens));
    List<List<TokenizedText>> batches = new ArrayList<>();
    List<TokenizedText> batch = new ArrayList<>();
    for (TokenizedText text : tokens) {
      if ((batch.size() + 1) * text.tokens() > MIXED_TOKENS) {
        batches.add(batch);
        batch = new ArrayList<>();
      }
      batch.add(text);
    }
    batches.add(batch);
    return batches;
  }

  /** The same in the order of chance, in batches as the pipeline's. */
  private List<List<TokenizedText>> unsorted() throws IOException {
    List<TokenizedText> tokens = new ArrayList<>(tokens(miniLm()));
    Collections.shuffle(tokens, new Random(SHUFFLE_SEED));
    List<List<TokenizedText>> batches = new ArrayList<>();
    for (int at = 0; at < tokens.size(); at += UNSORTED_ROWS) {
      batches.add(tokens.subList(at, Math.min(tokens.size(), at + UNSORTED_ROWS)));
    }
    return batches;
  }

  private static ModelDescription miniLm() {
    return ModelCatalog.builtIn().find("all-minilm-l6-v2").orElseThrow();
  }

  private List<TokenizedText> tokens(ModelDescription model) throws IOException {
    List<TokenizedText> tokens = new ArrayList<>();
    try (TextTokenizer tokenizer = TextTokenizer.open(model)) {
      for (String text : texts) {
        tokens.add(tokenizer.tokenize(text));
      }
    } catch (InvalidTextException e) {
      throw new IOException(e);
    }
    return tokens;
  }
}
