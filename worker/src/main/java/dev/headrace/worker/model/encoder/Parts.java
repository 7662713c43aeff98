package dev.headrace.worker.model.encoder;

import dev.headrace.worker.model.DenseLayer;
import dev.headrace.worker.model.EncoderConfig;
import dev.headrace.worker.model.encoder.LinearLayers.Tokens;
import dev.headrace.worker.model.torchscript.ScriptClass;
import dev.headrace.worker.model.torchscript.ScriptObject;
import dev.headrace.worker.model.weights.ElementType;
import dev.headrace.worker.model.weights.Tensor;
import dev.headrace.worker.model.weights.Tensors;
import dev.headrace.worker.model.weights.WeightSource;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The parts that encoders share, made from named weights for one target. Every part is a
 * TorchScript module with {@code forward}; all tensors between them are {@code [batch, tokens,
 * hidden]}. Names are without the prefix that some files put before the encoder's weights; those of
 * heads are whole.
 */
final class Parts {
  private final EncoderConfig config;
  private final WeightSource weights;
  private final String prefix;
  private final LinearLayers linears;
  private final Activation activation;
  private final boolean packed;
  private final boolean bfloat16Attention;

  /**
   * Makes the parts of one model.
   *
   * @param prefix before the encoder's weights in files that have a head too
   */
  Parts(EncoderConfig config, WeightSource weights, Target target, String prefix)
      throws IOException {
    this.config = config;
    this.weights = weights;
    this.prefix = weights.names().stream().anyMatch(n -> n.startsWith(prefix)) ? prefix : "";
    this.activation = Activation.named(config.activation());
    this.linears = new LinearLayers(target, activation);
    this.packed = target.packs();
    this.bfloat16Attention = target.attendsInBfloat16();
  }

  /** Whether the target wants rows packed, if the architecture can. */
  boolean packed() {
    return packed;
  }

  EncoderConfig config() {
    return config;
  }

  private Tensor require(String name, long... shape) throws IOException {
    return weights.require(prefix + name, shape);
  }

  /** A weight in the model's element type; its shape is checked. */
  Tensor weight(String name, long... shape) throws IOException {
    return computed(require(name, shape));
  }

  /** A weight that fits in memory, as float32, to compute with. */
  float[] floats(String name, long... shape) throws IOException {
    return require(name, shape).toFloats();
  }

  /** A tensor in the model's element type. */
  Tensor computed(Tensor tensor) {
    return linears.as(tensor);
  }

  /** Several linear layers over the same input as one, their outputs side by side. */
  private ScriptObject linear(List<String> names, int in, int out, boolean bias, Tokens inputs)
      throws IOException {
    List<Tensor> matrices = new ArrayList<>();
    List<Tensor> biases = new ArrayList<>();
    for (String name : names) {
      matrices.add(require(name + ".weight", out, in));
      biases.add(bias ? require(name + ".bias", out) : zeros(out));
    }
    return linears.of(Tensors.concat(matrices), Tensors.concat(biases), inputs);
  }

  private static Tensor zeros(int size) {
    return Tensors.of(new float[size], size);
  }

  ScriptObject layerNorm(String name) throws IOException {
    return layerNorm(name, true);
  }

  ScriptObject layerNorm(String name, boolean bias) throws IOException {
    int hidden = config.hidden();
    return layerNorm(
        require(name + ".weight", hidden), bias ? require(name + ".bias", hidden) : zeros(hidden));
  }

  private ScriptObject layerNorm(Tensor weight, Tensor bias) {
    String forward =
        """
        def forward(self: __torch__.LayerNorm, x: Tensor) -> Tensor:
          return torch.layer_norm(x, [%d], self.w, self.b, %s)
        """
            .formatted(config.hidden(), config.normEpsilon());
    return new ScriptObject(new ScriptClass("LayerNorm", forward))
        .tensor("w", computed(weight))
        .tensor("b", computed(bias));
  }

  /**
   * Multi-head self-attention of {@code x}, added to {@code residual}. One matrix for query, key
   * and value. {@code mask} is broadcast to {@code [batch, heads, tokens, tokens]}: bool, true
   * where a token is seen, or a bias on the scores.
   */
  ScriptObject attention(String query, String key, String value, String output) throws IOException {
    int hidden = config.hidden();
    String forward =
        "def forward(self: __torch__.Attention, x: Tensor, residual: Tensor, mask: Optional[Tensor])"
            + " -> Tensor:\n"
            + (bfloat16Attention ? QUERY_KEY_VALUE_BFLOAT16 : QUERY_KEY_VALUE)
            + attended("parts[0]", "parts[1]")
            + JOINED;
    return new ScriptObject(new ScriptClass("Attention", sized(forward)))
        .module("qkv", linear(List.of(query, key, value), hidden, hidden, true, Tokens.ALIKE))
        .module("out", linear(List.of(output), hidden, hidden, true, Tokens.ALIKE));
  }

  /**
   * Attention with rotary positions (arXiv 2104.09864): a module {@code forward(x, residual, mask,
   * cos, sin)}; {@code cos} and {@code sin [tokens, head size]}, the sine negative in its first
   * half.
   *
   * @param queryKeyValue the three matrices as one
   */
  ScriptObject rotaryAttention(String queryKeyValue, String output, boolean bias)
      throws IOException {
    int hidden = config.hidden();
    String forward =
        "def forward(self: __torch__.Attention, x: Tensor, residual: Tensor, mask: Optional[Tensor],"
            + " cos: Tensor, sin: Tensor) -> Tensor:\n"
            + QUERY_KEY_VALUE
            + ROTATED
            + attended("q", "k")
            + JOINED;
    return new ScriptObject(new ScriptClass("Attention", sized(forward)))
        .module("qkv", linear(List.of(queryKeyValue), hidden, 3 * hidden, bias, Tokens.ALIKE))
        .module("out", linear(List.of(output), hidden, hidden, bias, Tokens.ALIKE));
  }

  private String sized(String source) {
    return source
        .replace("SCALE", Double.toString(1 / Math.sqrt(config.headSize())))
        .replace("HEADS", Integer.toString(config.heads()))
        .replace("SIZE", Integer.toString(config.headSize()))
        .replace("HALF", Integer.toString(config.headSize() / 2))
        .replace("HIDDEN", Integer.toString(config.hidden()));
  }

  /** Sets {@code a [batch, heads, tokens, head size]}. */
  private String attended(String query, String key) {
    String source = bfloat16Attention ? ATTENDED_BFLOAT16 : ATTENDED;
    return source.replace("QUERY", query).replace("KEY", key).replace("VALUE", "parts[2]");
  }

  private static final String ATTENDED =
      "  a = torch.scaled_dot_product_attention(QUERY, KEY, VALUE, mask)\n";

  /** Scores take memory by the square of the tokens, so long rows are left to the fused kernel. */
  private static final String ATTENDED_BFLOAT16 =
      """
        if torch.le(tokens, 512):
          q16 = torch.reshape(torch.to(torch.mul(QUERY, SCALE), 15), [-1, tokens, SIZE])
          k16 = torch.reshape(torch.to(KEY, 15), [-1, tokens, SIZE])
          v16 = torch.reshape(torch.to(VALUE, 15), [-1, tokens, SIZE])
          scores = torch.bmm(q16, torch.transpose(k16, 1, 2))
          if torch.__isnot__(mask, None):
            seen = unchecked_cast(Tensor, mask)
            if torch.eq(seen.dtype, 11):
              bias = torch.mul(torch.to(torch.bitwise_not(seen), 15), -30000.)
            else:
              bias = torch.to(seen, 15)
            biased = torch.add_(torch.view(scores, [batch, HEADS, tokens, tokens]), bias)
          else:
            pass
          mixed = torch.bmm(torch.softmax(scores, -1), v16)
          a = torch.view(mixed, [batch, HEADS, tokens, SIZE])
        else:
          q = torch.to(QUERY, x.dtype)
          k = torch.to(KEY, x.dtype)
          v = torch.to(VALUE, x.dtype)
          a = torch.scaled_dot_product_attention(q, k, v, mask)
      """;

  private static final String QUERY_KEY_VALUE_BFLOAT16 =
      """
        batch = torch.size(x, 0)
        tokens = torch.size(x, 1)
        y = torch.to((self.qkv).forward(x), 15)
        qkv = torch.permute(torch.view(y, [batch, tokens, 3, HEADS, SIZE]), [2, 0, 3, 1, 4])
        parts = torch.unbind(torch.contiguous(qkv), 0)
      """;

  private static final String QUERY_KEY_VALUE =
      """
        batch = torch.size(x, 0)
        tokens = torch.size(x, 1)
        qkv = torch.view((self.qkv).forward(x), [batch, tokens, 3, HEADS, SIZE])
        parts = torch.unbind(torch.permute(qkv, [2, 0, 3, 1, 4]), 0)
      """;

  private static final String ROTATED =
      """
        q = torch.add(torch.mul(parts[0], cos), torch.mul(torch.roll(parts[0], [HALF], [-1]), sin))
        k = torch.add(torch.mul(parts[1], cos), torch.mul(torch.roll(parts[1], [HALF], [-1]), sin))
      """;

  private static final String JOINED =
      """
        joined = torch.to(torch.reshape(torch.transpose(a, 1, 2), [batch, tokens, HIDDEN]), x.dtype)
        return (self.out).plus(joined, residual)
      """;

  /** The feed-forward part of {@code x}, added to {@code residual}: up, activation, down. */
  ScriptObject mlp(String up, String down) throws IOException {
    String forward =
        """
        def forward(self: __torch__.Mlp, x: Tensor, residual: Tensor) -> Tensor:
          return (self.down).plus((self.up).activated(x), residual)
        """;
    int hidden = config.hidden();
    return new ScriptObject(new ScriptClass("Mlp", forward))
        .module("up", linear(List.of(up), hidden, config.intermediate(), true, Tokens.SPREAD))
        .module(
            "down", linear(List.of(down), config.intermediate(), hidden, true, Tokens.ACTIVATED));
  }

  /**
   * A gated feed-forward part (arXiv 2002.05202), added to {@code residual}: the first half of what
   * {@code up} gives is activated and multiplied by the second.
   */
  ScriptObject gatedMlp(String up, String down, boolean bias) throws IOException {
    String forward =
        """
        def forward(self: __torch__.GatedMlp, x: Tensor, residual: Tensor) -> Tensor:
          halves = torch.chunk((self.up).forward(x), 2, -1)
          y = halves[0]
          gated = torch.mul(%s, halves[1])
          return (self.down).plus(gated, residual)
        """
            .formatted(activation.inPlace());
    int hidden = config.hidden();
    int inner = config.intermediate();
    return new ScriptObject(new ScriptClass("GatedMlp", forward))
        .module("up", linear(List.of(up), hidden, 2 * inner, bias, Tokens.SPREAD))
        .module("down", linear(List.of(down), inner, hidden, bias, Tokens.SPREAD));
  }

  /**
   * A classifier of two layers: {@code forward(p [batch, hidden]) -> logits [batch, labels]}.
   *
   * @param activated TorchScript that activates {@code h}, the first layer's output
   */
  ScriptObject classifier(String dense, String activated, String out, int labels)
      throws IOException {
    String forward =
        """
        def forward(self: __torch__.Classifier, p: Tensor) -> Tensor:
          h = torch.linear(p, self.w1, self.b1)
          return torch.linear(%s, self.w2, self.b2)
        """
            .formatted(activated);
    return classifierLayers(forward, dense, true, out, labels);
  }

  /** The same with the model's activation and a norm behind it. */
  ScriptObject predictionHeadClassifier(
      String dense, boolean denseBias, String norm, boolean normBias, String out, int labels)
      throws IOException {
    String forward =
        """
        def forward(self: __torch__.Classifier, p: Tensor) -> Tensor:
          y = torch.linear(p, self.w1, self.b1)
          h = (self.norm).forward(%s)
          return torch.linear(h, self.w2, self.b2)
        """
            .formatted(activation.inPlace());
    int hidden = config.hidden();
    Tensor scale = weights.require(norm + ".weight", hidden);
    Tensor shift = normBias ? weights.require(norm + ".bias", hidden) : zeros(hidden);
    return classifierLayers(forward, dense, denseBias, out, labels)
        .module("norm", layerNorm(scale, shift));
  }

  /** A layer behind the pooling: {@code forward(v [batch, in] float32) -> [batch, out]}. */
  ScriptObject dense(DenseLayer layer) throws IOException {
    String activated =
        switch (layer.activation()) {
          case IDENTITY -> "y";
          case TANH -> "torch.tanh(y)";
          case RELU -> "torch.relu(y)";
          case GELU -> "torch.gelu(y)";
          case SIGMOID -> "torch.sigmoid(y)";
        };
    // Two layers may differ in their activation, and a class has one name.
    String name = "Dense_" + layer.activation().name();
    String forward =
        """
        def forward(self: __torch__.%s, v: Tensor) -> Tensor:
          y = torch.linear(v, self.w, self.b)
          return %s
        """
            .formatted(name, activated);
    Tensor bias =
        layer.bias() ? weights.require(layer.weights() + ".bias", layer.out()) : zeros(layer.out());
    Tensor matrix = weights.require(layer.weights() + ".weight", layer.out(), layer.in());
    return new ScriptObject(new ScriptClass(name, forward))
        .tensor("w", Tensors.as(ElementType.FLOAT32, matrix))
        .tensor("b", Tensors.as(ElementType.FLOAT32, bias));
  }

  /** A classifier of one layer: {@code forward(x [..., hidden]) -> logits [..., labels]}. */
  ScriptObject tokenClassifier(String out, int labels) throws IOException {
    String forward =
        """
        def forward(self: __torch__.TokenClassifier, x: Tensor) -> Tensor:
          return torch.linear(x, self.w, self.b)
        """;
    return new ScriptObject(new ScriptClass("TokenClassifier", forward))
        .tensor("w", computed(weights.require(out + ".weight", labels, config.hidden())))
        .tensor("b", computed(weights.require(out + ".bias", labels)));
  }

  /**
   * A head for masked fill: {@code forward(h [masks, hidden], words [vocabulary, hidden]) -> logits
   * [masks, vocabulary]}.
   *
   * @param tied whether {@code words} are the last layer's weights; else it has some of its own
   */
  ScriptObject predictions(EncoderArchitecture.Predictions names, boolean tied) throws IOException {
    int hidden = config.hidden();
    int vocabulary = config.vocabulary();
    String forward =
        """
        def forward(self: __torch__.Predictions, h: Tensor, words: Tensor) -> Tensor:
          y = torch.linear(h, self.w, self.b)
          n = (self.norm).forward(%s)
          return torch.linear(n, %s, self.bias)
        """
            .formatted(
                names.gelu() ? "torch.gelu_(y)" : activation.inPlace(),
                tied ? "words" : "self.decoder");
    Tensor scale = weights.require(names.norm() + ".weight", hidden);
    Tensor shift =
        names.normBias() ? weights.require(names.norm() + ".bias", hidden) : zeros(hidden);
    Tensor dense =
        names.denseBias() ? weights.require(names.dense() + ".bias", hidden) : zeros(hidden);
    String bias = names.bias();
    ScriptObject head =
        new ScriptObject(new ScriptClass("Predictions", forward))
            .tensor("w", computed(weights.require(names.dense() + ".weight", hidden, hidden)))
            .tensor("b", computed(dense))
            .tensor(
                "bias",
                computed(bias == null ? zeros(vocabulary) : weights.require(bias, vocabulary)))
            .module("norm", layerNorm(scale, shift));
    return tied
        ? head
        : head.tensor(
            "decoder", computed(weights.require(names.decoder() + ".weight", vocabulary, hidden)));
  }

  /** Small enough, one row per text, to be left as they are in every precision. */
  private ScriptObject classifierLayers(
      String forward, String dense, boolean denseBias, String out, int labels) throws IOException {
    int hidden = config.hidden();
    Tensor bias = denseBias ? weights.require(dense + ".bias", hidden) : zeros(hidden);
    return new ScriptObject(new ScriptClass("Classifier", forward))
        .tensor("w1", computed(weights.require(dense + ".weight", hidden, hidden)))
        .tensor("b1", computed(bias))
        .tensor("w2", computed(weights.require(out + ".weight", labels, hidden)))
        .tensor("b2", computed(weights.require(out + ".bias", labels)));
  }
}
