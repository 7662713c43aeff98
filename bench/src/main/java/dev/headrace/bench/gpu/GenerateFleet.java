package dev.headrace.bench.gpu;

import dev.headrace.bench.JvmTimes;
import dev.headrace.bench.Samples;
import dev.headrace.bench.generate.GeneratePipeline;
import dev.headrace.bench.generate.Generator;
import dev.headrace.bench.generate.Load;
import dev.headrace.protocol.config.Settings;
import dev.headrace.worker.encode.EngineConfig;
import dev.headrace.worker.generate.GenerationConfig;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.function.ObjDoubleConsumer;
import java.util.stream.Stream;

/**
 * Text generated through Kafka, Redis, router and worker, one text a request, beside the same load
 * on the bare engine. Ids become text on both sides; lengths are those of answers, many short and
 * few long.
 */
final class GenerateFleet {
  private static final int ROUNDS = 3;
  private static final int MAX_WARM_UP = 6;

  /**
   * First loads of fewer texts: nobody knows yet how fast the device is, and it is asked little.
   */
  private static final int SMALL_WARM_UP = 2;

  /** Warm-up ends when the JVM's compilers take less of the CPU time (chosen). */
  private static final double WARM = 0.05;

  private final RandomLlama shape;
  private final String device;
  private final int texts;
  private final int parallel;
  private final int longest;
  private final PrintStream progress;
  private final Map<String, String> given;

  /**
   * A benchmark.
   *
   * @param given settings, over those that are chosen here
   * @param device that a worker is given
   * @param texts of a load
   * @param parallel how many of them at once
   * @param longest most tokens of a prompt, and of a text
   */
  GenerateFleet(
      RandomLlama shape,
      Map<String, String> given,
      String device,
      int texts,
      int parallel,
      int longest,
      PrintStream progress) {
    this.given = Map.copyOf(given);
    this.shape = shape;
    this.device = device;
    this.texts = texts;
    this.parallel = parallel;
    this.longest = longest;
    this.progress = progress;
  }

  void run(ObjDoubleConsumer<String> figure) throws Exception {
    Path parent = Files.createTempDirectory("headrace-bench-");
    try {
      RandomLlamaFolder.write(shape, parent);
      measure(parent, figure);
    } finally {
      delete(parent);
    }
  }

  private void measure(Path parent, ObjDoubleConsumer<String> figure) throws Exception {
    Map<String, String> values = new HashMap<>();
    values.put("worker.device", device);
    values.put("worker.precision", device.equals("cpu") ? "fp32" : "bf16");
    values.put("worker.models.folder", parent.toString());
    values.put("worker.models", shape.name());
    values.put("worker.generation.texts", Integer.toString(parallel));
    values.put("worker.generation.context", Integer.toString(2 * longest));
    values.put("worker.generation.prefix-cache", "false");
    values.putAll(given);
    Settings settings = Settings.of(values);
    double[] pipeline = new double[ROUNDS];
    double[] engine = new double[ROUNDS];
    double[] ratio = new double[ROUNDS];
    try (Generator plain =
            Generator.open(
                shape.name(), EngineConfig.read(settings), GenerationConfig.read(settings));
        GeneratePipeline whole = GeneratePipeline.start(shape.name(), values)) {
      warmUp(plain, whole);
      for (int i = 0; i < ROUNDS; i++) {
        Load load = load(i);
        pipeline[i] = whole.tokensPerSecond(load);
        engine[i] = plain.tokensPerSecond(load, parallel);
        ratio[i] = pipeline[i] / engine[i];
        progress.printf(
            Locale.ROOT,
            "generate: pipeline %.0f tokens/s (%s), engine %.0f (%.1f)%n",
            pipeline[i],
            whole.whereabouts(),
            engine[i],
            plain.textsPerStep());
      }
    }
    String key = "generate_pipeline_" + shape.name();
    figure.accept(key + "_tokens_per_second", new Samples(pipeline).median());
    figure.accept(key + "_engine_tokens_per_second", new Samples(engine).median());
    figure.accept("generate_pipeline_efficiency", new Samples(ratio).median());
  }

  private void warmUp(Generator plain, GeneratePipeline whole) throws InterruptedException {
    Load small = load(-1).part(0, Math.min(texts, parallel));
    double bare = plain.tokensPerSecond(load(-1), parallel);
    progress.printf(
        Locale.ROOT,
        "generate warm-up: engine %.0f tokens/s (%.1f texts a step)%n",
        bare,
        plain.textsPerStep());
    for (int i = 0; i < MAX_WARM_UP; i++) {
      JvmTimes times = new JvmTimes();
      double rate = whole.tokensPerSecond(i < SMALL_WARM_UP ? small : load(-1));
      progress.printf(
          Locale.ROOT,
          "generate warm-up: %.0f tokens/s (%s), compilers %.3f%n",
          rate,
          whole.whereabouts(),
          times.compilerShare());
      if (i >= SMALL_WARM_UP && times.compilerShare() < WARM) {
        return;
      }
    }
  }

  private Load load(int seed) {
    Random random = new Random(seed);
    List<int[]> ids = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      ids.add(random.ints(longest, 0, shape.words()).toArray());
    }
    return Load.mixed(ids, texts, longest, longest, seed);
  }

  private static void delete(Path parent) throws IOException {
    try (Stream<Path> files = Files.walk(parent)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
