package dev.headrace.worker.model.decoder;

import dev.headrace.worker.model.encoder.Activation;
import dev.headrace.worker.model.encoder.Target;
import dev.headrace.worker.model.torchscript.ScriptClass;
import dev.headrace.worker.model.torchscript.ScriptObject;
import dev.headrace.worker.model.weights.Tensors;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * Layers of decoders for a GPU: few kernels, whatever the number of sequences, for each costs some
 * microseconds to start. Hidden states {@code [tokens, hidden]} are changed in place.
 *
 * <ul>
 *   <li>A sequence's keys and values are one run of slots in the cache {@code [slots, 2 * kv heads,
 *       head size]}, keys before values, written by one copy. FlashAttention (arXiv 2307.08691)
 *       reads the runs where they are: {@code first} says where each begins and {@code lengths} how
 *       many of its slots count, so nothing is gathered, and prompts and single tokens go together.
 *   <li>Products that end in a residual add to it in place.
 *   <li>A root mean square norm of {@code x} is the first half of the layer norm of {@code [x,
 *       -x]}: its mean is 0 and its variance the mean square. libtorch 2.7 has one kernel for that
 *       and seven for {@code rms_norm}.
 * </ul>
 *
 * In float32, which FlashAttention does not have, one sequence is attended after the other.
 */
final class PackedLayers {
  /** Of the methods that pass a step's description through; see {@link PackedDecoderEmitter}. */
  static final String PARAMETERS =
      "turn: Tensor, rows: Tensor, starts: Tensor, first: Tensor, lengths: Tensor, longest: int,"
          + " reach: int, counts: List[int], froms: List[int], sizes: List[int]";

  static final String ARGUMENTS =
      "turn, rows, starts, first, lengths, longest, reach, counts, froms, sizes";

  private final DecoderConfig config;
  private final Projections projections;
  private final boolean flash;

  PackedLayers(DecoderConfig config, Projections projections, Target target) {
    this.config = config;
    this.projections = projections;
    this.flash = flash(target);
  }

  /** FlashAttention has half precision only, and no CPU. */
  static boolean flash(Target target) {
    return target.packs();
  }

  ScriptObject attention(
      Norm before,
      Matrix queryKeyValue,
      Optional<Attention.HeadNorms> norms,
      Matrix output,
      int layer)
      throws IOException {
    int window = config.window(layer);
    String name = (norms.isPresent() ? "NormedAttention" : "Attention") + window;
    String source =
        "def forward(self: __torch__."
            + name
            + ", x: Tensor, cache: Tensor, "
            + PARAMETERS
            + ") -> Tensor:\n"
            + PROJECT
            + (norms.isPresent() ? NORMED : "")
            + (config.rope().dimensions() > 0 ? TURN : "")
            + WRITE
            + (flash ? FLASH : ONE_BY_ONE)
            + "  return (self.out).plus(torch.reshape(a, [tokens, WIDTH]), x)\n";
    ScriptObject object =
        new ScriptObject(new ScriptClass(name, sized(source, window)))
            .module("norm", norm(before))
            .module("qkv", linear(queryKeyValue))
            .module("out", linear(output));
    if (norms.isPresent()) {
      Attention pairs = new Attention(config, projections);
      object
          .module("query_norm", norm(pairs.paired(norms.get().query())))
          .module("key_norm", norm(pairs.paired(norms.get().key())));
    }
    return object;
  }

  private String sized(String source, int window) {
    int heads = config.heads();
    int kv = config.kvHeads();
    return source
        .replace(
            "WINDOWED",
            window > 0
                ? "torch.logical_and(seen, torch.gt(steps, torch.sub(place, %d)))".formatted(window)
                : "seen")
        .replace(
            "WINDOW",
            window > 0 ? "window_size_left=%d, window_size_right=0, ".formatted(window - 1) : "")
        .replace("QKHEADS", Integer.toString(heads + kv))
        .replace("ALLHEADS", Integer.toString(heads + 2 * kv))
        .replace("KVTWICE", Integer.toString(2 * kv))
        .replace("GROUPS", Integer.toString(config.groups()))
        .replace("KVHEADS", Integer.toString(kv))
        .replace("HEADS", Integer.toString(heads))
        .replace("PAIRS", Integer.toString(config.headSize() / 2))
        .replace("WIDTH", Integer.toString(heads * config.headSize()))
        .replace("SIZE", Integer.toString(config.headSize()));
  }

  ScriptObject gatedMlp(Norm before, Matrix gateAndUp, Matrix down) throws IOException {
    String forward =
        """
        def forward(self: __torch__.GatedMlp, x: Tensor) -> Tensor:
          halves = torch.chunk((self.up).forward((self.norm).forward(x)), 2, -1)
          y = halves[0]
          return (self.down).plus(torch.mul_(%s, halves[1]), x)
        """
            .formatted(Activation.named(config.activation()).inPlace());
    return mlp("GatedMlp", forward, before, gateAndUp, down);
  }

  ScriptObject mlp(Norm before, Matrix up, Matrix down) throws IOException {
    String forward =
        """
        def forward(self: __torch__.Mlp, x: Tensor) -> Tensor:
          y = (self.up).forward((self.norm).forward(x))
          return (self.down).plus(%s, x)
        """
            .formatted(Activation.named(config.activation()).inPlace());
    return mlp("Mlp", forward, before, up, down);
  }

  private ScriptObject mlp(String name, String forward, Norm before, Matrix up, Matrix down) {
    return new ScriptObject(new ScriptClass(name, forward))
        .module("norm", norm(before))
        .module("up", linear(up))
        .module("down", linear(down));
  }

  ScriptObject layer(ScriptObject attention, ScriptObject mlp) {
    String name = "Layer" + attention.type().name();
    String forward =
        """
        def forward(self: __torch__.%s, x: Tensor, cache: Tensor, %s) -> Tensor:
          return (self.mlp).forward((self.attention).forward(x, cache, %s))
        """
            .formatted(name, PARAMETERS, ARGUMENTS);
    return new ScriptObject(new ScriptClass(name, forward))
        .module("attention", attention)
        .module("mlp", mlp);
  }

  /** A norm over the last dimension, of any rank. */
  ScriptObject norm(Norm norm) {
    long width = norm.weight().size(0);
    if (norm.bias().isPresent()) {
      return projections.norm(norm);
    }
    String name = "RmsNorm" + width;
    String methods =
        """
        def forward(self: __torch__.%s, x: Tensor) -> Tensor:
          both = torch.flatten(torch.mul(torch.unsqueeze(x, -2), self.signs), -2, -1)
          return torch.slice(torch.layer_norm(both, [%d], self.g, None, %s), -1, 0, %d)
        """
            .formatted(name, 2 * width, norm.epsilon(), width);
    return new ScriptObject(new ScriptClass(name, methods))
        .tensor("signs", projections.as(Tensors.of(new float[] {1, -1}, 2, 1)))
        .tensor("g", projections.as(Tensors.concat(List.of(norm.weight(), norm.weight()))));
  }

  /** A linear layer; {@code plus} adds its result to the residual in place. */
  ScriptObject linear(Matrix matrix) {
    boolean biased = matrix.bias().isPresent();
    String methods =
        """
        def forward(self: __torch__.NAME, x: Tensor) -> Tensor:
          return torch.linear(x, self.w, BIAS)
        def plus(self: __torch__.NAME, x: Tensor, residual: Tensor) -> Tensor:
          return SUM
        """
            .replace("SUM", biased ? "torch.add_(PRODUCT, self.b)" : "PRODUCT")
            .replace("PRODUCT", "torch.addmm_(residual, x, torch.t(self.w))")
            .replace("NAME", biased ? "BiasedLinear" : "Linear")
            .replace("BIAS", biased ? "self.b" : "None");
    ScriptObject object =
        new ScriptObject(new ScriptClass(biased ? "BiasedLinear" : "Linear", methods))
            .tensor("w", projections.as(matrix.weight()));
    matrix.bias().ifPresent(bias -> object.tensor("b", projections.as(bias)));
    return object;
  }

  private static final String PROJECT =
      """
        tokens = torch.size(x, 0)
        heads = torch.view((self.qkv).forward((self.norm).forward(x)), [tokens, ALLHEADS, SIZE])
      """;

  private static final String NORMED =
      """
        nq = (self.query_norm).forward(torch.slice(heads, 1, 0, HEADS))
        nk = (self.key_norm).forward(torch.slice(heads, 1, HEADS, QKHEADS))
        heads = torch.cat([nq, nk, torch.slice(heads, 1, QKHEADS, ALLHEADS)], 1)
      """;

  /** {@code turn [tokens, 1, pairs] complex64}; values are carried along unturned. */
  private static final String TURN =
      """
        f = torch.to(heads, 6)
        pairs = torch.view_as_complex(torch.view(f, [tokens, ALLHEADS, PAIRS, 2]))
        _0 = torch.mul_(torch.slice(pairs, 1, 0, QKHEADS), turn)
        heads = torch.to(f, x.dtype)
      """;

  private static final String WRITE =
      """
        _1 = torch.index_copy_(cache, 0, rows, torch.slice(heads, 1, HEADS, ALLHEADS))
        q = torch.slice(heads, 1, 0, HEADS)
        k = torch.slice(cache, 1, 0, KVHEADS)
        v = torch.slice(cache, 1, KVHEADS, KVTWICE)
      """;

  /** Causal from the end of each sequence backwards, as FlashAttention has it since 2.1. */
  private static final String FLASH =
      """
        a, _2, _3, _4, _5, = torch._flash_attention_forward(q, k, v, starts, first, longest, reach, 0., True, False, scale=None, WINDOWseqused_k=lengths)
      """;

  private static final String ONE_BY_ONE =
      """
        outs = annotate(List[Tensor], [])
        start = 0
        for s in range(torch.len(counts)):
          end = torch.add(start, counts[s])
          size = sizes[s]
          to = torch.add(froms[s], size)
          qs = torch.unsqueeze(torch.permute(torch.slice(q, 0, start, end), [1, 0, 2]), 0)
          k1 = torch.unsqueeze(torch.permute(torch.slice(k, 0, froms[s], to), [1, 0, 2]), 1)
          v1 = torch.unsqueeze(torch.permute(torch.slice(v, 0, froms[s], to), [1, 0, 2]), 1)
          k2 = torch.reshape(torch.expand(k1, [KVHEADS, GROUPS, size, SIZE]), [1, HEADS, size, SIZE])
          v2 = torch.reshape(torch.expand(v1, [KVHEADS, GROUPS, size, SIZE]), [1, HEADS, size, SIZE])
          steps = torch.unsqueeze(torch.arange(size, dtype=3, layout=None, device=x.device), 0)
          place = torch.unsqueeze(torch.arange(torch.sub(size, counts[s]), size, dtype=3, layout=None, device=x.device), 1)
          seen = torch.le(steps, place)
          o = torch.scaled_dot_product_attention(qs, k2, v2, WINDOWED)
          _2 = torch.append(outs, torch.permute(torch.squeeze(o, 0), [1, 0, 2]))
          start = end
        a = torch.cat(outs, 0)
      """;
}
