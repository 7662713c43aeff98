package dev.headrace.bench.gpu;

import dev.headrace.bench.BenchResult;
import dev.headrace.bench.BenchResult.Goal;
import dev.headrace.worker.engine.ComputeDevice;
import dev.headrace.worker.engine.DeviceCeilings;
import dev.headrace.worker.engine.DeviceInventory;
import dev.headrace.worker.engine.EncodedBatch;
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
import java.util.Arrays;
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
    derive();
    return new BenchResult("gpu", figures, goals());
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
    agreement(engine);
    overlap(engine, bert);
    Transfers.host().forEach(this::figure);
  }

  private void generate(ComputeDevice gpu) throws IOException, InterruptedException {
    GenerateBench bench = new GenerateBench(gpu, this::figure, progress);
    bench.agreement();
    bench.speed(value("copy_gb_per_second") * 1e9);
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
      figure(key, value(figure) / value(over));
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

  /** The lowest cosine of a passage's vector to the same in float32 on the CPU. */
  private void agreement(TorchEngine engine) throws IOException {
    ModelDescription model = miniLm();
    List<TokenizedText> some = tokens(model).subList(0, Math.min(64, texts.size()));
    List<float[]> expected = new ArrayList<>();
    List<Expected> brief;
    try (TorchEngine cpu = TorchEngine.open(DeviceInventory.cpu(), 4);
        EncoderSession session = cpu.load(model, Precision.FLOAT32)) {
      brief = shortened(session, some);
      var out = session.run(some);
      for (int i = 0; i < some.size(); i++) {
        expected.add(out.row(i));
      }
    }
    for (Precision precision : List.of(Precision.FLOAT32, Precision.FLOAT16, Precision.BFLOAT16)) {
      try (EncoderSession session = engine.load(model, precision)) {
        var out = session.run(some);
        double lowest = 1;
        for (int i = 0; i < some.size(); i++) {
          lowest = Math.min(lowest, dot(expected.get(i), out.row(i)));
        }
        figure("minilm_" + precision.label() + "_lowest_cosine", lowest);
        figure("minilm_" + precision.label() + "_repeated_lowest_cosine", repeated(session, brief));
        double seconds = new EncoderSpeed(session).throughput(List.of(some));
        figure("minilm_" + precision.label() + "_64_passages", some.size() / seconds);
      }
    }
  }

  /**
   * The lowest cosine of single short rows, and of pairs of unlike length, to what the CPU gives:
   * shapes that come again and again, so that they are recorded and replayed.
   */
  private static double repeated(EncoderSession session, List<Expected> all) {
    double lowest = 1;
    for (int i = 0; i < all.size(); i++) {
      Expected one = all.get(i);
      Expected two = all.get((i + 2) % all.size());
      Expected three = all.get((i + 3) % all.size());
      lowest = Math.min(lowest, dot(one.vector(), session.run(List.of(one.text())).row(0)));
      var pair = session.run(List.of(two.text(), three.text()));
      lowest = Math.min(lowest, dot(two.vector(), pair.row(0)));
      lowest = Math.min(lowest, dot(three.vector(), pair.row(1)));
    }
    return lowest;
  }

  /** A text, and the batch of it alone in float32 on the CPU. */
  private record Expected(TokenizedText text, EncodedBatch alone) {
    float[] vector() {
      return alone.row(0);
    }
  }

  private static List<Expected> shortened(EncoderSession session, List<TokenizedText> texts) {
    List<Expected> expected = new ArrayList<>();
    for (int i = 0; i < texts.size(); i++) {
      int[] ids = Arrays.copyOf(texts.get(i).ids(), i % 2 == 0 ? 12 : 17);
      TokenizedText text = new TokenizedText(ids, true);
      expected.add(new Expected(text, session.run(List.of(text))));
    }
    return expected;
  }

  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }

  private void derive() {
    generation();
    if (!figures.containsKey("bf16_256x128")) {
      return;
    }
    String best = best("_256x128");
    figure("rows_per_second", value(best + "_256x128"));
    figure("matrix_peak_share", value(best + "_256x128_tflops") / value("matrix_tflops"));
    double reference = reference("_256x128");
    if (reference > 0) {
      figure("vs_pytorch_ratio", value(best + "_256x128") / reference);
      figure("vs_pytorch_mixed_ratio", value(best("_mixed") + "_mixed") / reference("_mixed"));
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
        figure("generate_" + shape + "_vs_transformers", value(rate) / best);
        lowest = Math.min(lowest, value(rate) / best);
      }
    }
    if (lowest < Double.MAX_VALUE) {
      figure("generate_vs_transformers_ratio", lowest);
    }
    if (figures.containsKey("generate_llama31_8b_1_bandwidth_share")) {
      figure("generate_bandwidth_share", value("generate_llama31_8b_1_bandwidth_share"));
    }
  }

  /** A figure; 0 when its part broke. */
  private double value(String key) {
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

  private Map<String, Goal> goals() {
    Map<String, Goal> goals =
        new TreeMap<>(
            Map.of(
                "matrix_peak_share", new Goal(0.6, true),
                "pipeline_efficiency", new Goal(0.9, true),
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
