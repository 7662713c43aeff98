package dev.headrace.worker.model.decoder;

import dev.headrace.worker.model.torchscript.ScriptClass;
import dev.headrace.worker.model.torchscript.ScriptObject;
import dev.headrace.worker.model.weights.Tensor;
import dev.headrace.worker.model.weights.Tensors;
import java.io.IOException;
import java.util.Optional;

/**
 * Causal self-attention over a KV cache in blocks, for the tokens of several sequences at once.
 *
 * <p>A module {@code forward(x, keys, values, ...) -> x + attention}. {@code keys} and {@code
 * values [blocks, kv heads, block tokens, head size]} are this layer's cache, written in place. The
 * other parameters are explained at {@link DecoderEmitter}.
 *
 * <p>Rotation: rows of query and key are reordered when they are loaded, so that the two values of
 * a pair lie side by side and turning them is one complex product. Scores do not change, for query
 * and key are reordered alike.
 */
final class Attention {
  /** Of the methods that pass a step's description through. */
  static final String PARAMETERS =
      "turn: Tensor, rows: Tensor, together: int, widest: int, single: List[Tensor], near: Tensor,"
          + " counts: List[int], lengths: List[int], blocks: List[Tensor],"
          + " masks: List[Optional[Tensor]]";

  static final String ARGUMENTS =
      "turn, rows, together, widest, single, near, counts, lengths, blocks, masks";

  /** Norms of the heads of query and key. */
  record HeadNorms(Norm query, Norm key) {}

  private final DecoderConfig config;
  private final Projections projections;

  Attention(DecoderConfig config, Projections projections) {
    this.config = config;
    this.projections = projections;
  }

  ScriptObject of(
      Norm before, Matrix queryKeyValue, Optional<HeadNorms> norms, Matrix output, int layer)
      throws IOException {
    String name = norms.isPresent() ? "NormedAttention" : "Attention";
    String source =
        "def forward(self: __torch__."
            + name
            + ", x: Tensor, keys: Tensor, values: Tensor, "
            + PARAMETERS
            + ") -> Tensor:\n"
            + PROJECT
            + (norms.isPresent() ? NORMED : PLAIN)
            + (config.rope().dimensions() > 0 ? TURN : "")
            + WRITE
            + TOGETHER
            + ATTEND;
    ScriptObject object =
        new ScriptObject(new ScriptClass(name, sized(source)))
            .module("qkv", projections.normed(before, paired(queryKeyValue)))
            .module("out", projections.linear(output));
    norms.ifPresent(
        n ->
            object
                .module("query_norm", projections.norm(paired(n.query())))
                .module("key_norm", projections.norm(paired(n.key()))));
    return object;
  }

  /** Query, key and value with the rows of a pair side by side. */
  Matrix paired(Matrix matrix) {
    int heads = config.heads() + config.kvHeads();
    return new Matrix(
        paired(matrix.weight(), heads), matrix.bias().map(bias -> paired(bias, heads)));
  }

  Norm paired(Norm norm) {
    return new Norm(paired(norm.weight(), 1), norm.bias(), norm.epsilon());
  }

  /** Reorders the rows of the first heads: value i beside value i + half. */
  private Tensor paired(Tensor tensor, int heads) {
    int turned = config.rope().dimensions();
    if (turned == 0) {
      return tensor;
    }
    int[] order = new int[Math.toIntExact(tensor.size(0))];
    for (int row = 0; row < order.length; row++) {
      int inHead = row % config.headSize();
      boolean moves = row < heads * config.headSize() && inHead < turned;
      order[row] = moves ? row - inHead + inHead / 2 + inHead % 2 * (turned / 2) : row;
    }
    return Tensors.rows(tensor, order);
  }

  private String sized(String source) {
    int heads = config.heads();
    int kv = config.kvHeads();
    return source
        .replace("QKHEADS", Integer.toString(heads + kv))
        .replace("ALLHEADS", Integer.toString(heads + 2 * kv))
        .replace("GROUPS", Integer.toString(config.groups()))
        .replace("KVHEADS", Integer.toString(kv))
        .replace("HEADS", Integer.toString(heads))
        .replace("PAIRS", Integer.toString(config.headSize() / 2))
        .replace("SCALE", Double.toString(1 / Math.sqrt(config.headSize())))
        .replace("WIDTH", Integer.toString(heads * config.headSize()))
        .replace("SIZE", Integer.toString(config.headSize()));
  }

  private static final String PROJECT =
      """
        tokens = torch.size(x, 0)
        heads = torch.view((self.qkv).forward(x), [tokens, ALLHEADS, SIZE])
        v = torch.slice(heads, 1, QKHEADS, ALLHEADS)
      """;

  private static final String PLAIN = "  qk = torch.slice(heads, 1, 0, QKHEADS)\n";

  private static final String NORMED =
      """
        nq = (self.query_norm).forward(torch.slice(heads, 1, 0, HEADS))
        nk = (self.key_norm).forward(torch.slice(heads, 1, HEADS, QKHEADS))
        qk = torch.cat([nq, nk], 1)
      """;

  /** {@code turn [tokens, 1, pairs] complex64}. */
  private static final String TURN =
      """
        pairs = torch.view_as_complex(torch.reshape(torch.to(qk, 6), [tokens, QKHEADS, PAIRS, 2]))
        turned = torch.view_as_real(torch.mul(pairs, turn))
        qk = torch.to(torch.reshape(turned, [tokens, QKHEADS, SIZE]), x.dtype)
      """;

  private static final String WRITE =
      """
        k = torch.reshape(torch.slice(qk, 1, HEADS, QKHEADS), [-1, SIZE])
        _0 = torch.index_copy_(torch.view(keys, [-1, SIZE]), 0, rows, torch.to(k, keys.dtype))
        u = torch.reshape(v, [-1, SIZE])
        _1 = torch.index_copy_(torch.view(values, [-1, SIZE]), 0, rows, torch.to(u, values.dtype))
      """;

  /**
   * The sequences of one token, all at once. Keys and values are gathered block by block, and a
   * block's scores are one product of a batch: {@code [blocks * kv heads, groups, block tokens]}.
   * For the softmax they are laid out by sequence, {@code [together, heads, widest * block
   * tokens]}, {@code blank} where a sequence has fewer blocks; then each block's weighted values
   * are added to its sequence. A block has the same products whatever is beside it.
   */
  private static final String TOGETHER =
      """
        q = torch.slice(qk, 1, 0, HEADS)
        outs = annotate(List[Tensor], [])
        if torch.gt(together, 0):
          held, owner, place, blank, = single
          first = torch.reshape(torch.slice(q, 0, 0, together), [together, WIDTH])
          qb = torch.view(torch.index_select(first, 0, owner), [-1, GROUPS, SIZE])
          slots = torch.size(keys, 2)
          kb = torch.view(torch.index_select(keys, 0, held), [-1, slots, SIZE])
          vb = torch.view(torch.index_select(values, 0, held), [-1, slots, SIZE])
          products = torch.view(torch.bmm(torch.to(qb, kb.dtype), torch.transpose(kb, 1, 2)), [-1, HEADS, slots])
          scores = torch.add(near, torch.mul(torch.to(products, 6), SCALE))
          laid = torch.index_copy(blank, 0, place, scores)
          wide = torch.permute(torch.view(laid, [together, widest, HEADS, slots]), [0, 2, 1, 3])
          flat = torch.reshape(wide, [together, HEADS, torch.mul(widest, slots)])
          shares = torch.view(torch.softmax(flat, -1), [together, HEADS, widest, slots])
          back = torch.reshape(torch.permute(shares, [0, 2, 1, 3]), [-1, HEADS, slots])
          pb = torch.view(torch.to(torch.index_select(back, 0, place), vb.dtype), [-1, GROUPS, slots])
          parts = torch.to(torch.view(torch.bmm(pb, vb), [-1, WIDTH]), x.dtype)
          sums = torch.index_add_(torch.zeros_like(first), 0, owner, parts)
          _2 = torch.append(outs, sums)
        else:
          pass
      """;

  /**
   * Pieces of prompts, one sequence after the other: its keys are gathered, and each of them serves
   * all query heads of its group through a dimension of stride 0.
   */
  private static final String ATTEND =
      """
        qg = torch.view(q, [tokens, KVHEADS, GROUPS, SIZE])
        start = together
        for s in range(torch.len(counts)):
          end = torch.add(start, counts[s])
          qs = torch.permute(torch.slice(qg, 0, start, end), [1, 2, 0, 3])
          ks = torch.permute(torch.index_select(keys, 0, blocks[s]), [1, 0, 2, 3])
          vs = torch.permute(torch.index_select(values, 0, blocks[s]), [1, 0, 2, 3])
          k1 = torch.slice(torch.reshape(ks, [KVHEADS, 1, -1, SIZE]), 2, 0, lengths[s])
          v1 = torch.slice(torch.reshape(vs, [KVHEADS, 1, -1, SIZE]), 2, 0, lengths[s])
          k2 = torch.expand(k1, [KVHEADS, GROUPS, -1, SIZE])
          v2 = torch.expand(v1, [KVHEADS, GROUPS, -1, SIZE])
          o = torch.scaled_dot_product_attention(qs, k2, v2, masks[s])
          _3 = torch.append(outs, torch.reshape(torch.permute(o, [2, 0, 1, 3]), [-1, WIDTH]))
          start = end
        return (self.out).plus(torch.cat(outs, 0), x)
      """;
}
