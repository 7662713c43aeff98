package dev.headrace.bench.gpu;

import dev.headrace.protocol.body.Sampling;
import dev.headrace.worker.engine.ComputeDevice;
import dev.headrace.worker.engine.TorchEngine;
import dev.headrace.worker.model.Precision;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.ObjDoubleConsumer;

/** Text generation on a GPU: agreement with the CPU, speed, the bandwidth's bound, transformers. */
final class GenerateBench {
  static final List<RandomLlama> SHAPES =
      List.of(RandomLlama.SMOLLM2_135M, RandomLlama.LLAMA32_1B, RandomLlama.LLAMA31_8B);

  /** Greedy, past the end of a text, so that all sides generate the same number of tokens. */
  private static final Sampling GREEDY =
      new Sampling(0, 1, 0, 0, 0, 0, 1, null, List.of(), List.of(), -1, true);

  private static final Sampling SAMPLED =
      new Sampling(0.8, 0.95, 50, 0, 0, 0, 1, null, List.of(), List.of(), -1, true);

  private final ComputeDevice gpu;
  private final ObjDoubleConsumer<String> figure;
  private final PrintStream progress;

  GenerateBench(ComputeDevice gpu, ObjDoubleConsumer<String> figure, PrintStream progress) {
    this.gpu = gpu;
    this.figure = figure;
    this.progress = progress;
  }

  /** What a step's tokens differ from the CPU's by, for each precision. */
  void agreement() throws IOException {
    for (Precision precision : DecoderAgreement.precisions()) {
      figure.accept(
          "generate_" + precision.label() + "_logits_error",
          DecoderAgreement.error(gpu, precision));
    }
  }

  /**
   * All shapes in bf16.
   *
   * @param bytesPerSecond that a copy on this GPU reads and writes
   */
  void speed(double bytesPerSecond) throws IOException {
    for (RandomLlama shape : SHAPES) {
      long started = System.nanoTime();
      try (TorchEngine engine = TorchEngine.open(gpu, 1);
          GenerateSpeed speed = new GenerateSpeed(shape, engine, Precision.BFLOAT16)) {
        progress.printf("%s loaded in %.1f s%n", shape.name(), (System.nanoTime() - started) / 1e9);
        for (int sequences : GenerateSpeed.SEQUENCES) {
          String key = "generate_" + shape.name() + "_" + sequences;
          double rate = speed.tokensPerSecond(sequences, GREEDY);
          figure.accept(key + "_tokens_per_second", rate);
          figure.accept(key + "_bandwidth_share", rate / speed.bound(sequences, bytesPerSecond));
        }
        figure.accept(
            "generate_" + shape.name() + "_128_sampled_tokens_per_second",
            speed.tokensPerSecond(128, SAMPLED));
      }
    }
  }

  /** The same in transformers, by shape and number of sequences. */
  static Map<String, Double> transformers(String python, boolean compiled, PrintStream progress)
      throws IOException, InterruptedException {
    return PythonReference.run(python, "reference_generate.py", task(compiled), progress);
  }

  private static String task(boolean compiled) {
    StringBuilder shapes = new StringBuilder();
    for (RandomLlama shape : SHAPES) {
      shapes.append(shapes.isEmpty() ? "" : ", ");
      shapes.append("{\"name\": \"%s\", \"config\": %s}".formatted(shape.name(), shape.json()));
    }
    StringBuilder prompts = new StringBuilder();
    for (int sequences : GenerateSpeed.SEQUENCES) {
      prompts.append(prompts.isEmpty() ? "" : ", ");
      prompts.append(Arrays.toString(GenerateSpeed.prompts(sequences)));
    }
    return "{\"shapes\": [%s], \"prompts\": [%s], \"tokens\": %d, \"compiled\": %d}"
        .formatted(
            shapes, prompts, GenerateSpeed.TOKENS, compiled ? GenerateSpeed.SEQUENCES.length : 0);
  }
}
