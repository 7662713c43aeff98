package dev.headrace.worker.model.encoder;

import dev.headrace.worker.model.EncoderConfig;
import dev.headrace.worker.model.hf.HfConfig;
import dev.headrace.worker.model.torchscript.ScriptClass;
import dev.headrace.worker.model.torchscript.ScriptObject;
import dev.headrace.worker.model.weights.MalformedModelException;
import dev.headrace.worker.model.weights.Tensor;
import dev.headrace.worker.model.weights.Tensors;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * ModernBERT: pre-norm layers with gated feed-forward parts, rotary positions, and attention that
 * is global in every n-th layer and local in the others (arXiv 2412.13663; modeling_modernbert.py).
 */
final class ModernBert implements EncoderArchitecture {
  private static final String EVERY = "global_attn_every_n_layers";
  private static final String WINDOW = "local_attention";
  private static final String GLOBAL_THETA = "global_rope_theta";
  private static final String LOCAL_THETA = "local_rope_theta";
  private static final String DECODER_BIAS = "decoder_bias";
  private static final List<String> BIASES =
      List.of("attention_bias", "mlp_bias", "norm_bias", "classifier_bias");

  @Override
  public List<String> modelTypes() {
    return List.of("modernbert");
  }

  @Override
  public String prefix() {
    return "model.";
  }

  @Override
  public EncoderConfig shape(HfConfig c) throws IOException {
    int hidden = c.integer("hidden_size", 1, Shapes.MAX_WIDTH);
    int layers = c.integer("num_hidden_layers", 1, Shapes.MAX_LAYERS);
    int heads = Shapes.heads(c, "num_attention_heads", hidden);
    if (hidden / heads % 2 != 0) {
      throw c.malformed("num_attention_heads", heads, "heads of even width, for rotation");
    }
    Map<String, Double> own = new HashMap<>();
    own.put(EVERY, (double) every(c, layers));
    own.put(WINDOW, (double) c.integer(WINDOW, 2, Shapes.MAX_POSITIONS, 128));
    double global = theta(c, "full_attention", GLOBAL_THETA, 160_000);
    own.put(GLOBAL_THETA, global);
    own.put(LOCAL_THETA, theta(c, "sliding_attention", LOCAL_THETA, global));
    for (String flag : BIASES) {
      own.put(flag, c.flag(flag, false) ? 1.0 : 0.0);
    }
    own.put(DECODER_BIAS, c.flag(DECODER_BIAS, true) ? 1.0 : 0.0);
    String activation = c.string("hidden_activation", "gelu");
    String ofHeads = c.string("classifier_activation", "gelu");
    if (!ofHeads.equals(activation)) {
      throw c.malformed("classifier_activation", ofHeads, activation + ", as hidden_activation");
    }
    return new EncoderConfig(
        c.string("model_type"),
        c.integer("vocab_size", 1, Shapes.MAX_VOCABULARY),
        hidden,
        layers,
        heads,
        c.integer("intermediate_size", 1, Shapes.MAX_WIDTH),
        c.integer("max_position_embeddings", 2, Shapes.MAX_POSITIONS, 8192),
        1,
        activation,
        Shapes.epsilon(c, "norm_eps", 1e-5),
        own);
  }

  /** transformers 5 lists the layers' kinds instead of saying how often one is global. */
  private static int every(HfConfig c, int layers) throws MalformedModelException {
    List<String> types = c.strings("layer_types");
    if (types.isEmpty()) {
      return c.integer(EVERY, 1, Shapes.MAX_LAYERS, 3);
    }
    int second = types.subList(1, types.size()).indexOf("full_attention") + 1;
    int every = second == 0 ? layers : second;
    for (int i = 0; i < layers; i++) {
      String expected = i % every == 0 ? "full_attention" : "sliding_attention";
      if (types.size() != layers || !types.get(i).equals(expected)) {
        throw c.malformed(
            "layer_types", types, layers + " layers, full_attention in the first and every n-th");
      }
    }
    return every;
  }

  /** transformers 5 has the thetas under {@code rope_parameters}. */
  private static double theta(HfConfig c, String kind, String key, double fallback)
      throws MalformedModelException {
    Optional<HfConfig> all = c.object("rope_parameters");
    Optional<HfConfig> rope = all.isPresent() ? all.get().object(kind) : Optional.empty();
    if (rope.isPresent() && !rope.get().string("rope_type", "default").equals("default")) {
      throw rope.get().malformed("rope_type", rope.get().string("rope_type"), "default");
    }
    double theta = rope.isPresent() ? rope.get().number("rope_theta") : c.number(key, fallback);
    if (!(theta >= 1)) {
      throw c.malformed(key, theta, ">= 1");
    }
    return theta;
  }

  @Override
  public ScriptObject encoder(Parts parts) throws IOException {
    EncoderConfig config = parts.config();
    boolean normBias = has(config, "norm_bias");
    StringBuilder forward = new StringBuilder(START.formatted((int) config.own(WINDOW) / 2));
    for (int i = 0; i < config.layers(); i++) {
      forward.append("  x = (self.layer%d).forward(x, %s)\n".formatted(i, arguments(config, i)));
    }
    forward.append("  return (self.norm).forward(x)\n");
    ScriptObject encoder =
        new ScriptObject(new ScriptClass("Encoder", forward.toString()))
            .tensor(
                "words",
                parts.weight(
                    "embeddings.tok_embeddings.weight", config.vocabulary(), config.hidden()))
            .module("first", parts.layerNorm("embeddings.norm", normBias))
            .module("norm", parts.layerNorm("final_norm", normBias));
    rotation(parts, encoder, "global", config.own(GLOBAL_THETA));
    rotation(parts, encoder, "local", config.own(LOCAL_THETA));
    for (int i = 0; i < config.layers(); i++) {
      encoder.module("layer" + i, layer(parts, i));
    }
    return encoder;
  }

  private static boolean has(EncoderConfig config, String flag) {
    return config.own(flag) != 0;
  }

  private static String arguments(EncoderConfig config, int layer) {
    return layer % (int) config.own(EVERY) == 0
        ? "mask, global_cos, global_sin"
        : "near, local_cos, local_sin";
  }

  private static ScriptObject layer(Parts parts, int index) throws IOException {
    EncoderConfig config = parts.config();
    String name = "layers." + index;
    boolean normBias = has(config, "norm_bias");
    boolean attentionBias = has(config, "attention_bias");
    boolean mlpBias = has(config, "mlp_bias");
    ScriptObject layer = new ScriptObject(index == 0 ? FIRST_LAYER : LAYER);
    if (index > 0) {
      layer.module("norm1", parts.layerNorm(name + ".attn_norm", normBias));
    }
    return layer
        .module(
            "attention",
            parts.rotaryAttention(name + ".attn.Wqkv", name + ".attn.Wo", attentionBias))
        .module("norm2", parts.layerNorm(name + ".mlp_norm", normBias))
        .module("mlp", parts.gatedMlp(name + ".mlp.Wi", name + ".mlp.Wo", mlpBias));
  }

  /**
   * Tables {@code [positions, head size]}. The sine has the sign of rotate_half, so that a rotation
   * is {@code x cos + roll(x, half) sin}.
   */
  private static void rotation(Parts parts, ScriptObject encoder, String name, double theta) {
    int size = parts.config().headSize();
    int half = size / 2;
    int positions = parts.config().positions();
    float[] cos = new float[positions * size];
    float[] sin = new float[positions * size];
    for (int position = 0; position < positions; position++) {
      for (int i = 0; i < size; i++) {
        // float32 up to the angle, as in Python.
        float frequency = (float) (1 / Math.pow(theta, 2.0 * (i % half) / size));
        float angle = position * frequency;
        cos[position * size + i] = (float) Math.cos(angle);
        sin[position * size + i] = (float) (i < half ? -Math.sin(angle) : Math.sin(angle));
      }
    }
    encoder.tensor(name + "_cos", table(parts, cos, positions, size));
    encoder.tensor(name + "_sin", table(parts, sin, positions, size));
  }

  private static Tensor table(Parts parts, float[] values, int positions, int size) {
    return parts.computed(Tensors.of(values, positions, size));
  }

  @Override
  public ScriptObject classifier(Parts parts, int labels) throws IOException {
    EncoderConfig config = parts.config();
    return parts.predictionHeadClassifier(
        "head.dense",
        has(config, "classifier_bias"),
        "head.norm",
        has(config, "norm_bias"),
        "classifier",
        labels);
  }

  /** In {@code near} a token of padding sees itself, for a row without any key gives no number. */
  private static final String START =
      """
      def forward(self: __torch__.Encoder, ids: Tensor, types: Tensor, mask: Optional[Tensor]) -> Tensor:
        x = (self.first).forward(torch.embedding(self.words, ids))
        tokens = torch.size(ids, 1)
        steps = torch.arange(tokens, dtype=3, layout=None, device=ids.device)
        far = torch.abs(torch.sub(torch.unsqueeze(steps, 0), torch.unsqueeze(steps, 1)))
        near = torch.unsqueeze(torch.unsqueeze(torch.le(far, %d), 0), 0)
        if torch.__isnot__(mask, None):
          keep = unchecked_cast(Tensor, mask)
          near = torch.logical_and(near, torch.logical_or(keep, torch.eq(far, 0)))
        else:
          pass
        global_cos = torch.slice(self.global_cos, 0, 0, tokens)
        global_sin = torch.slice(self.global_sin, 0, 0, tokens)
        local_cos = torch.slice(self.local_cos, 0, 0, tokens)
        local_sin = torch.slice(self.local_sin, 0, 0, tokens)
      """;

  private static final ScriptClass FIRST_LAYER =
      new ScriptClass(
          "FirstLayer",
          """
          def forward(self: __torch__.FirstLayer, x: Tensor, mask: Optional[Tensor], cos: Tensor, sin: Tensor) -> Tensor:
            y = (self.attention).forward(x, x, mask, cos, sin)
            return (self.mlp).forward((self.norm2).forward(y), y)
          """);

  private static final ScriptClass LAYER =
      new ScriptClass(
          "Layer",
          """
          def forward(self: __torch__.Layer, x: Tensor, mask: Optional[Tensor], cos: Tensor, sin: Tensor) -> Tensor:
            y = (self.attention).forward((self.norm1).forward(x), x, mask, cos, sin)
            return (self.mlp).forward((self.norm2).forward(y), y)
          """);

  @Override
  public ScriptObject tokenClassifier(Parts parts, int labels) throws IOException {
    return classifier(parts, labels);
  }

  @Override
  public Predictions predictions(EncoderConfig config) {
    return new Predictions(
        "head.dense",
        has(config, "classifier_bias"),
        "head.norm",
        has(config, "norm_bias"),
        false,
        "decoder",
        has(config, DECODER_BIAS) ? "decoder.bias" : null,
        "(self.encoder).words");
  }
}
