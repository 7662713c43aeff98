package dev.headrace.worker.model.encoder;

import dev.headrace.worker.model.EncoderConfig;
import dev.headrace.worker.model.torchscript.ScriptClass;
import dev.headrace.worker.model.torchscript.ScriptObject;
import dev.headrace.worker.model.weights.Tensor;
import dev.headrace.worker.model.weights.Tensors;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/**
 * Encoders like {@link PostNorm} for a GPU in half precision: the tokens of all rows lie one behind
 * the other, so that nothing is computed for padding.
 *
 * <p>A layer is four matrix products, FlashAttention over rows of different length (arXiv
 * 2307.08691) and two norms; nothing else touches memory:
 *
 * <ul>
 *   <li>The products that end in a residual add to it in place ({@code addmm_}). Their bias is
 *       added before: the norm that makes the residual has it in its own bias, and the product in
 *       between, which sees the residual too, has {@code W b} taken from its bias. The sum is the
 *       same.
 *   <li>GELU is part of the product before it ({@code _addmm_activation}, cuBLASLt's epilogue). It
 *       is the tanh form, which differs from the exact one by at most 5e-4, less than half
 *       precision tells apart where that happens.
 * </ul>
 *
 * The module is {@code forward(ids, types, lengths, pack) -> hidden [batch, tokens, hidden]};
 * {@code pack [real tokens] int32} says where in {@code ids}, read row by row, the real tokens are,
 * and is empty where no row is padded. What stands at padding in the result is some other token's.
 */
final class PackedPostNorm {
  private final Parts parts;
  private final EncoderConfig config;
  private final IntFunction<PostNorm.LayerNames> names;

  private PackedPostNorm(Parts parts, IntFunction<PostNorm.LayerNames> names) {
    this.parts = parts;
    this.config = parts.config();
    this.names = names;
  }

  static ScriptObject encoder(
      Parts parts, ScriptObject embeddings, IntFunction<PostNorm.LayerNames> names)
      throws IOException {
    return new PackedPostNorm(parts, names).encoder(embeddings);
  }

  private ScriptObject encoder(ScriptObject embeddings) throws IOException {
    StringBuilder forward = new StringBuilder(PACK.replace("HIDDEN", hidden()));
    for (int i = 0; i < config.layers(); i++) {
      forward.append("  x = (self.layer%d).forward(x, starts, tokens)\n".formatted(i));
    }
    forward.append(UNPACK.replace("HIDDEN", hidden()));
    ScriptObject encoder =
        new ScriptObject(new ScriptClass("Encoder", forward.toString()))
            .module("embeddings", embeddings)
            .tensor("bias", parts.computed(Tensors.of(outputBias(0), config.hidden())));
    for (int i = 0; i < config.layers(); i++) {
      encoder.module("layer" + i, layer(i));
    }
    return encoder;
  }

  private String hidden() {
    return Integer.toString(config.hidden());
  }

  /** The bias of a layer's attention output; zeros behind the last layer. */
  private float[] outputBias(int layer) throws IOException {
    return layer < config.layers()
        ? parts.floats(names.apply(layer).attentionOutput() + ".bias", config.hidden())
        : new float[config.hidden()];
  }

  private ScriptObject layer(int index) throws IOException {
    PostNorm.LayerNames layer = names.apply(index);
    int hidden = config.hidden();
    int inner = config.intermediate();
    float[] downBias = parts.floats(layer.down() + ".bias", hidden);
    return new ScriptObject(new ScriptClass("Layer", sized(LAYER + activated())))
        .tensor("qkv", stacked(List.of(layer.query(), layer.key(), layer.value())))
        .tensor("qkv_bias", queryKeyValueBias(layer, outputBias(index)))
        .tensor("out", parts.weight(layer.attentionOutput() + ".weight", hidden, hidden))
        .tensor("norm1", parts.weight(layer.attentionNorm() + ".weight", hidden))
        .tensor("norm1_bias", normBias(layer.attentionNorm(), downBias))
        .tensor("up", parts.weight(layer.up() + ".weight", inner, hidden))
        .tensor("up_bias", less(layer.up(), inner, downBias))
        .tensor("down", parts.weight(layer.down() + ".weight", hidden, inner))
        .tensor("norm2", parts.weight(layer.outputNorm() + ".weight", hidden))
        .tensor("norm2_bias", normBias(layer.outputNorm(), outputBias(index + 1)));
  }

  private String sized(String source) {
    return source
        .replace("HEADS", Integer.toString(config.heads()))
        .replace("SIZE", Integer.toString(config.headSize()))
        .replace("HIDDEN", hidden())
        .replace("EPSILON", Double.toString(config.normEpsilon()));
  }

  private String activated() throws IOException {
    Activation activation = Activation.named(config.activation());
    if (activation.oneDnnName().equals("gelu")) {
      return UP_GELU + DOWN;
    }
    return UP + "  h = " + activation.inPlace().replace("(y", "(u") + "\n" + DOWN;
  }

  private Tensor stacked(List<String> linears) throws IOException {
    List<Tensor> matrices = new ArrayList<>();
    for (String name : linears) {
      matrices.add(parts.weight(name + ".weight", config.hidden(), config.hidden()));
    }
    return Tensors.concat(matrices);
  }

  private Tensor queryKeyValueBias(PostNorm.LayerNames layer, float[] added) throws IOException {
    return Tensors.concat(
        List.of(
            less(layer.query(), config.hidden(), added),
            less(layer.key(), config.hidden(), added),
            less(layer.value(), config.hidden(), added)));
  }

  private Tensor normBias(String norm, float[] added) throws IOException {
    float[] bias = parts.floats(norm + ".bias", config.hidden());
    for (int i = 0; i < bias.length; i++) {
      bias[i] += added[i];
    }
    return parts.computed(Tensors.of(bias, bias.length));
  }

  /** A linear layer's bias without what {@code added}, a part of its input, brings. */
  private Tensor less(String linear, int out, float[] added) throws IOException {
    float[] matrix = parts.floats(linear + ".weight", out, added.length);
    float[] bias = parts.floats(linear + ".bias", out);
    for (int row = 0; row < out; row++) {
      double sum = 0;
      for (int i = 0; i < added.length; i++) {
        sum += (double) matrix[row * added.length + i] * added[i];
      }
      bias[row] -= (float) sum;
    }
    return parts.computed(Tensors.of(bias, out));
  }

  /** {@code starts [batch + 1]}: where each row begins in the packed tokens, and their end. */
  private static final String PACK =
      """
      def forward(self: __torch__.Encoder, ids: Tensor, types: Tensor, lengths: Tensor, pack: Tensor) -> Tensor:
        batch = torch.size(ids, 0)
        tokens = torch.size(ids, 1)
        e = torch.view((self.embeddings).forward(ids, types), [torch.mul(batch, tokens), HIDDEN])
        if torch.gt(torch.numel(pack), 0):
          e = torch.index_select(e, 0, pack)
          starts = torch.constant_pad_nd(torch.cumsum(lengths, 0, dtype=3), [1, 0])
        else:
          starts = torch.arange(0, torch.add(torch.mul(batch, tokens), 1), tokens, dtype=3, layout=None, device=ids.device)
        x = torch.add(e, self.bias)
      """;

  private static final String UNPACK =
      """
        if torch.gt(torch.numel(pack), 0):
          steps = torch.unsqueeze(torch.arange(tokens, dtype=3, layout=None, device=ids.device), 0)
          last = torch.unsqueeze(torch.sub(lengths, 1), 1)
          first = torch.unsqueeze(torch.slice(starts, 0, 0, batch), 1)
          place = torch.add(torch.minimum(steps, last), first)
          x = torch.index_select(x, 0, torch.view(place, [-1]))
        else:
          pass
        return torch.view(x, [batch, tokens, HIDDEN])
      """;

  private static final String LAYER =
      """
      def forward(self: __torch__.Layer, x: Tensor, starts: Tensor, tokens: int) -> Tensor:
        qkv = torch.view(torch.linear(x, self.qkv, self.qkv_bias), [-1, 3, HEADS, SIZE])
        q, k, v, = torch.unbind(qkv, 1)
        a, _0, _1, _2, _3, = torch._flash_attention_forward(q, k, v, starts, starts, tokens, tokens, 0., False, False)
        y = torch.addmm_(x, torch.view(a, [-1, HIDDEN]), torch.t(self.out))
        y = torch.layer_norm(y, [HIDDEN], self.norm1, self.norm1_bias, EPSILON)
      """;

  private static final String UP_GELU =
      "  h = torch._addmm_activation(self.up_bias, y, torch.t(self.up), use_gelu=True)\n";

  private static final String UP = "  u = torch.linear(y, self.up, self.up_bias)\n";

  private static final String DOWN =
      """
        z = torch.addmm_(y, h, torch.t(self.down))
        return torch.layer_norm(z, [HIDDEN], self.norm2, self.norm2_bias, EPSILON)
      """;
}
