package dev.headrace.worker.model.decoder;

import dev.headrace.worker.model.encoder.Target;
import dev.headrace.worker.model.torchscript.ScriptClass;
import dev.headrace.worker.model.torchscript.ScriptObject;
import dev.headrace.worker.model.weights.Tensor;
import dev.headrace.worker.model.weights.Tensors;
import dev.headrace.worker.model.weights.WeightSource;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The parts that decoders share, made from named weights for one target. Hidden states between them
 * are {@code [tokens, hidden]}: the tokens of all sequences of a step one after the other.
 */
final class DecoderParts {
  private final DecoderConfig config;
  private final WeightSource weights;
  private final Projections projections;
  private final Attention attention;
  private final @Nullable PackedLayers packed;

  DecoderParts(DecoderConfig config, WeightSource weights, Target target) {
    this(config, weights, target, false);
  }

  /**
   * Parts.
   *
   * @param packed whether layers are as {@link PackedLayers} says
   */
  DecoderParts(DecoderConfig config, WeightSource weights, Target target, boolean packed) {
    this.config = config;
    this.weights = weights;
    this.projections = new Projections(target);
    this.attention = new Attention(config, projections);
    this.packed = packed ? new PackedLayers(config, projections, target) : null;
  }

  DecoderConfig config() {
    return config;
  }

  Projections projections() {
    return projections;
  }

  /** The named weight; files saved without a head lack the first part of all names. */
  Tensor require(String name, long... shape) throws IOException {
    int dot = name.indexOf('.') + 1;
    String stem = name.substring(0, dot);
    boolean bare =
        !stem.equals("lm_head.") && weights.names().stream().noneMatch(n -> n.startsWith(stem));
    return weights.require(bare ? name.substring(dot) : name, shape);
  }

  Norm rmsNorm(String name, int width) throws IOException {
    return new Norm(require(name, width), Optional.empty(), config.normEpsilon());
  }

  Norm layerNorm(String name) throws IOException {
    int hidden = config.hidden();
    return new Norm(
        require(name + ".weight", hidden),
        Optional.of(require(name + ".bias", hidden)),
        config.normEpsilon());
  }

  /** A linear layer under its names. */
  Matrix matrix(String name, int in, int out, boolean bias) throws IOException {
    return new Matrix(
        require(name + ".weight", out, in),
        bias ? Optional.of(require(name + ".bias", out)) : Optional.empty());
  }

  /** A linear layer with a bias whose matrix is stored {@code [in, out]}. */
  Matrix transposed(String name, int in, int out) throws IOException {
    return new Matrix(
        Tensors.transposed(require(name + ".weight", in, out)),
        Optional.of(require(name + ".bias", out)));
  }

  /** Layers over the same input as one, their outputs side by side. */
  private static Matrix beside(List<Matrix> parts) {
    List<Tensor> biases = parts.stream().flatMap(p -> p.bias().stream()).toList();
    return new Matrix(
        Tensors.concat(parts.stream().map(Matrix::weight).toList()),
        biases.isEmpty() ? Optional.empty() : Optional.of(Tensors.concat(biases)));
  }

  Matrix queryKeyValue(String name, boolean bias) throws IOException {
    int hidden = config.hidden();
    int keys = config.kvHeads() * config.headSize();
    List<Matrix> parts = new ArrayList<>();
    parts.add(matrix(name + "q_proj", hidden, config.heads() * config.headSize(), bias));
    parts.add(matrix(name + "k_proj", hidden, keys, bias));
    parts.add(matrix(name + "v_proj", hidden, keys, bias));
    return beside(parts);
  }

  /** Query, key and value that are stored as one matrix. */
  Matrix fusedQueryKeyValue(String name) throws IOException {
    int heads = config.heads() + 2 * config.kvHeads();
    return matrix(name, config.hidden(), heads * config.headSize(), false);
  }

  Matrix gateAndUp(String gate, String up, boolean bias) throws IOException {
    int inner = config.intermediate();
    return beside(
        List.of(
            matrix(gate, config.hidden(), inner, bias), matrix(up, config.hidden(), inner, bias)));
  }

  Matrix fusedGateAndUp(String name) throws IOException {
    return matrix(name, config.hidden(), 2 * config.intermediate(), false);
  }

  /** The matrix behind attention. */
  Matrix output(String name, boolean bias) throws IOException {
    return matrix(name, config.heads() * config.headSize(), config.hidden(), bias);
  }

  /** The matrix at the end of a feed-forward part. */
  Matrix down(String name, boolean bias) throws IOException {
    return matrix(name, config.intermediate(), config.hidden(), bias);
  }

  /**
   * Causal attention over the KV cache, {@code x} added to it: a module as {@link Attention} says.
   */
  ScriptObject attention(Norm before, Matrix queryKeyValue, Matrix output, int layer)
      throws IOException {
    return attention(before, queryKeyValue, Optional.empty(), output, layer);
  }

  /** The same, the heads of query and key normed before they are turned. */
  ScriptObject normedAttention(
      Norm before, Matrix queryKeyValue, Norm query, Norm key, Matrix output, int layer)
      throws IOException {
    return attention(
        before, queryKeyValue, Optional.of(new Attention.HeadNorms(query, key)), output, layer);
  }

  private ScriptObject attention(
      Norm before,
      Matrix queryKeyValue,
      Optional<Attention.HeadNorms> norms,
      Matrix output,
      int layer)
      throws IOException {
    return packed == null
        ? attention.of(before, queryKeyValue, norms, output, layer)
        : packed.attention(before, attention.paired(queryKeyValue), norms, output, layer);
  }

  /** A gated feed-forward part (arXiv 2002.05202), {@code x} added to it. */
  ScriptObject gatedMlp(Norm before, Matrix gateAndUp, Matrix down) throws IOException {
    if (packed != null) {
      return packed.gatedMlp(before, gateAndUp, down);
    }
    String forward =
        """
        def forward(self: __torch__.GatedMlp, x: Tensor) -> Tensor:
          halves = torch.chunk((self.up).forward(x), 2, -1)
          y = halves[0]
          return (self.down).plus(torch.mul_(%s, halves[1]), x)
        """
            .formatted(activation());
    return mlp("GatedMlp", forward, before, gateAndUp, down);
  }

  /** A plain feed-forward part, {@code x} added to it. */
  ScriptObject mlp(Norm before, Matrix up, Matrix down) throws IOException {
    if (packed != null) {
      return packed.mlp(before, up, down);
    }
    String forward =
        """
        def forward(self: __torch__.Mlp, x: Tensor) -> Tensor:
          y = (self.up).forward(x)
          return (self.down).plus(%s, x)
        """
            .formatted(activation());
    return mlp("Mlp", forward, before, up, down);
  }

  private ScriptObject mlp(String name, String forward, Norm before, Matrix up, Matrix down)
      throws IOException {
    return new ScriptObject(new ScriptClass(name, forward))
        .module("up", projections.normed(before, up))
        .module("down", projections.linear(down));
  }

  private String activation() throws IOException {
    return dev.headrace.worker.model.encoder.Activation.named(config.activation()).inPlace();
  }

  /** Attention, then the feed-forward part. */
  ScriptObject layer(ScriptObject attention, ScriptObject mlp) {
    if (packed != null) {
      return packed.layer(attention, mlp);
    }
    String forward =
        """
        def forward(self: __torch__.Layer, x: Tensor, keys: Tensor, values: Tensor, %s) -> Tensor:
          return (self.mlp).forward((self.attention).forward(x, keys, values, %s))
        """
            .formatted(Attention.PARAMETERS, Attention.ARGUMENTS);
    // Layers with and without a window are of different classes, so their layers are, too.
    String name = "Layer" + attention.type().name();
    return new ScriptObject(
            new ScriptClass(name, forward.replace("__torch__.Layer", "__torch__." + name)))
        .module("attention", attention)
        .module("mlp", mlp);
  }
}
