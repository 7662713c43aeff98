package dev.headrace.bench.gpu;

import dev.headrace.worker.engine.EncoderSession;
import dev.headrace.worker.engine.LayerCeilings;
import dev.headrace.worker.engine.TorchEngine;
import dev.headrace.worker.model.ModelCatalog;
import dev.headrace.worker.model.ModelDescription;
import dev.headrace.worker.model.Precision;
import dev.headrace.worker.text.InvalidTextException;
import dev.headrace.worker.text.TextTokenizer;
import dev.headrace.worker.text.TokenizedText;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.ObjDoubleConsumer;

/** Encoders on one GPU without a pipeline: speed by shape, agreement with the CPU, ceilings. */
final class EncoderBench {
  static final int[][] SHAPES = {{1, 32}, {8, 64}, {64, 128}, {256, 128}, {64, 512}};
  static final int LATENCY_TOKENS = 32;

  /** Whose share of the matrix peak is told. */
  private static final int LARGE_ROWS = 256;

  private static final int LARGE_TOKENS = 128;
  private static final int UNSORTED_ROWS = 500;
  private static final long SHUFFLE_SEED = 3;

  /** The most tokens of a batch of real passages, padding included; chosen. */
  private static final int MIXED_TOKENS = 32_768;

  /** Passages whose vectors are compared with the CPU's (chosen). */
  private static final int SOME = 64;

  private static final List<Precision> HALVES = List.of(Precision.FLOAT16, Precision.BFLOAT16);

  private final List<String> texts;
  private final ObjDoubleConsumer<String> figures;

  /**
   * A benchmark.
   *
   * @param texts real passages
   */
  EncoderBench(List<String> texts, ObjDoubleConsumer<String> figures) {
    this.texts = texts;
    this.figures = figures;
  }

  /** All of it. */
  void run(TorchEngine engine) throws IOException {
    List<List<TokenizedText>> mixed = mixed();
    ModelDescription bert = RandomBert.describe();
    shapes(engine, bert, Precision.FLOAT32, mixed);
    for (Precision precision : HALVES) {
      shapes(engine, bert, precision, mixed);
    }
    EncoderAgreement.measure(
        engine, miniLm(), tokens(miniLm()).subList(0, Math.min(SOME, texts.size())), figures);
    overlap(engine, bert);
    products(engine);
    Transfers.host().forEach(this::figure);
  }

  /**
   * What a layer's kernels take alone at 256 x 128: the time of the matrix products is what the
   * share of the peak is bound by, however little the rest takes.
   */
  void products(TorchEngine engine) {
    LayerCeilings layer =
        new LayerCeilings(
            LARGE_ROWS * LARGE_TOKENS,
            LARGE_TOKENS,
            RandomBert.HIDDEN,
            RandomBert.HEADS,
            RandomBert.INNER);
    Map<String, Double> seconds = layer.seconds(engine);
    seconds.forEach((name, value) -> figure("encoder_layer_" + name + "_us", 1e6 * value));
    double operations = 0;
    double products = 0;
    for (Map.Entry<String, Double> product : layer.operations().entrySet()) {
      double took = seconds.getOrDefault(product.getKey(), 0.0);
      figure("encoder_layer_" + product.getKey() + "_tflops", product.getValue() / took / 1e12);
      operations += product.getValue();
      products += took;
    }
    figure("encoder_products_tflops", operations / products / 1e12);
    double all =
        products + 2 * seconds.getOrDefault("norm", 0.0) + seconds.getOrDefault("attention", 0.0);
    figure(
        "encoder_kernels_tflops",
        LARGE_ROWS * RandomBert.operations(LARGE_TOKENS) / RandomBert.LAYERS / all / 1e12);
  }

  private void figure(String key, double value) {
    figures.accept(key, value);
  }

  /** What the pipeline is compared with, where the encoders are not measured. */
  void mixedOnly(TorchEngine engine) throws IOException {
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
  List<List<TokenizedText>> mixed() throws IOException {
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
