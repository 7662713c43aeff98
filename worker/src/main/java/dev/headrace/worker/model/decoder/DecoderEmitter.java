package dev.headrace.worker.model.decoder;

import dev.headrace.worker.model.encoder.Target;
import dev.headrace.worker.model.torchscript.ScriptClass;
import dev.headrace.worker.model.torchscript.ScriptObject;
import dev.headrace.worker.model.weights.Tensor;
import dev.headrace.worker.model.weights.Tensors;
import dev.headrace.worker.model.weights.WeightSource;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * Builds the whole model. {@code forward(kv, ids, positions, rows, together, widest, single, plan,
 * blocks, out) -> logits [wanted, vocabulary] float32}:
 *
 * <ul>
 *   <li>{@code kv [layers, 2, blocks, kv heads, block tokens, head size]}: keys and values, written
 *       in place
 *   <li>{@code ids [tokens] int32}: the tokens of all segments one after the other
 *   <li>{@code positions [tokens] int32}: where each stands in its sequence
 *   <li>{@code rows [tokens * kv heads] int64}: where each head's key goes, in rows of {@code
 *       [blocks * kv heads * block tokens, head size]}
 *   <li>{@code together int}: so many segments, the first ones, have one token each
 *   <li>{@code widest int}: most blocks of a sequence of these
 *   <li>{@code single [3, their blocks] int64}: for each of their blocks the segment; where it
 *       stands when all have {@code widest} blocks; how many of its tokens, and of those that would
 *       follow it, the segment sees
 *   <li>{@code plan [other segments, 3] int32}, on the CPU: tokens of the segment, tokens of its
 *       sequence with it, blocks of its sequence
 *   <li>{@code blocks [all] int32}: the blocks of all sequences one after the other
 *   <li>{@code out [wanted] int64}: the tokens whose logits are wanted; at least one
 * </ul>
 */
public final class DecoderEmitter {
  private DecoderEmitter() {}

  /**
   * The model as a TorchScript module.
   *
   * @throws dev.headrace.worker.model.weights.MalformedModelException when a weight is missing or
   *     has another shape
   */
  public static ScriptObject model(DecoderConfig config, WeightSource weights, Target target)
      throws IOException {
    DecoderArchitecture architecture = Decoders.named(config.modelType());
    DecoderParts parts = new DecoderParts(config, weights, target);
    Projections projections = parts.projections();
    Tensor words = parts.require(architecture.embeddings(), config.vocabulary(), config.hidden());
    Tensor head =
        config.tied()
            ? words
            : parts.require(architecture.head(), config.vocabulary(), config.hidden());
    String source = forward(config, !architecture.positions().isEmpty());
    ScriptObject model = body(source, config, parts, words);
    return model.module(
        "head", projections.normed(architecture.norm(parts), new Matrix(head, Optional.empty())));
  }

  /** What all forms of a decoder have: embeddings, positions and layers. */
  static ScriptObject body(String source, DecoderConfig config, DecoderParts parts, Tensor words)
      throws IOException {
    DecoderArchitecture architecture = Decoders.named(config.modelType());
    Projections projections = parts.projections();
    ScriptObject model =
        new ScriptObject(new ScriptClass("Model", source)).tensor("words", projections.as(words));
    if (!architecture.positions().isEmpty()) {
      model.tensor(
          "places",
          projections.as(
              parts.require(architecture.positions(), config.positions(), config.hidden())));
    }
    if (config.rope().dimensions() > 0) {
      model.tensor("frequencies", frequencies(config)).tensor("magnitudes", magnitudes(config));
    }
    for (int i = 0; i < config.layers(); i++) {
      model.module("layer" + i, architecture.layer(parts, i));
    }
    return model;
  }

  /** One for each pair of a head; those that are not turned have 0. */
  private static Tensor frequencies(DecoderConfig config) {
    List<Float> turned = config.rope().inverseFrequencies();
    float[] all = new float[config.headSize() / 2];
    for (int i = 0; i < turned.size(); i++) {
      all[i] = turned.get(i);
    }
    return Tensors.of(all, all.length);
  }

  private static Tensor magnitudes(DecoderConfig config) {
    float[] all = new float[config.headSize() / 2];
    for (int i = 0; i < all.length; i++) {
      all[i] = i < config.rope().dimensions() / 2 ? (float) config.rope().scale() : 1;
    }
    return Tensors.of(all, all.length);
  }

  private static String forward(DecoderConfig config, boolean learned) {
    StringBuilder source = new StringBuilder(START);
    source.append(learned ? LEARNED : "").append(config.rope().dimensions() > 0 ? TURN : NO_TURN);
    source
        .append(PLAN)
        .append(SINGLE.replace("HEADS", Integer.toString(config.heads())))
        .append(masks("masks", 0))
        .append(lone("all", 0));
    if (config.window() > 0) {
      source.append(masks("near", config.window())).append(lone("lately", config.window()));
    }
    for (int i = 0; i < config.layers(); i++) {
      source.append(
          """
            keys%d = torch.select(torch.select(kv, 0, %d), 0, 0)
            values%d = torch.select(torch.select(kv, 0, %d), 0, 1)
            x = (self.layer%d).forward(x, keys%d, values%d, turn, rows, together, widest, held, %s, counts, lengths, each, %s)
          """
              .formatted(
                  i,
                  i,
                  i,
                  i,
                  i,
                  i,
                  i,
                  config.window(i) > 0 ? "lately" : "all",
                  config.window(i) > 0 ? "near" : "masks"));
    }
    return source.append(END).toString();
  }

  private static final String START =
      """
      def forward(self: __torch__.Model, kv: Tensor, ids: Tensor, positions: Tensor, rows: Tensor, together: int, widest: int, single: Tensor, plan: Tensor, blocks: Tensor, out: Tensor) -> Tensor:
        x = torch.embedding(self.words, ids)
      """;

  private static final String LEARNED =
      "  x = torch.add(x, torch.embedding(self.places, positions))\n";

  static final String NO_TURN = "  turn = x\n";

  static final String TURN =
      """
        angles = torch.mul(torch.unsqueeze(torch.to(positions, 6), 1), self.frequencies)
        turn = torch.unsqueeze(torch.polar(torch.expand_as(self.magnitudes, angles), angles), 1)
      """;

  /** {@code ends} are where the segments' tokens begin, and at the end where the last ends. */
  private static final String PLAN =
      """
        counts = annotate(List[int], [])
        lengths = annotate(List[int], [])
        each = annotate(List[Tensor], [])
        starts = annotate(List[int], [])
        token = together
        first = torch.size(single, 1)
        for s in range(torch.size(plan, 0)):
          row = torch.select(plan, 0, s)
          count = annotate(int, torch.item(torch.select(row, 0, 0)))
          last = torch.add(first, annotate(int, torch.item(torch.select(row, 0, 2))))
          _0 = torch.append(starts, token)
          _1 = torch.append(counts, count)
          _2 = torch.append(lengths, annotate(int, torch.item(torch.select(row, 0, 1))))
          _3 = torch.append(each, torch.slice(blocks, 0, first, last))
          token = torch.add(token, count)
          first = last
      """;

  /** What the segments of one token have in common: their blocks, and scores of missing blocks. */
  private static final String SINGLE =
      """
        owner = torch.select(single, 0, 0)
        place = torch.select(single, 0, 1)
        left = torch.unsqueeze(torch.select(single, 0, 2), 1)
        slots = torch.size(kv, 4)
        slot = torch.unsqueeze(torch.arange(slots, dtype=4, layout=None, device=ids.device), 0)
        blank = torch.full([torch.mul(together, widest), HEADS, slots], -1e30, dtype=6, layout=None, device=ids.device)
        held = [torch.slice(blocks, 0, 0, torch.size(single, 1)), owner, place, blank]
      """;

  /** What is added to the scores of segments of one token: {@code [blocks, 1, slots] float32}. */
  private static String lone(String name, int window) {
    return """
      hidden = torch.ge(slot, left)
      CLOSE
      NAME = torch.unsqueeze(torch.mul(torch.to(hidden, 6), -1e30), 1)
    """
        .replace("NAME", name)
        .replace(
            "CLOSE",
            window > 0
                ? "hidden = torch.logical_or(hidden, torch.lt(slot, torch.sub(left, %d)))"
                    .formatted(window)
                : "pass");
  }

  /** One mask {@code [tokens, length] bool} for each segment; none where a token sees all. */
  private static String masks(String name, int window) {
    return """
      NAME = annotate(List[Optional[Tensor]], [])
      for s in range(torch.len(counts)):
        mask = annotate(Optional[Tensor], None)
        if CONDITION:
          start = starts[s]
          place = torch.unsqueeze(torch.slice(positions, 0, start, torch.add(start, counts[s])), 1)
          steps = torch.unsqueeze(torch.arange(lengths[s], dtype=3, layout=None, device=ids.device), 0)
          seen = torch.le(steps, place)
          mask = SEEN
        else:
          pass
        _4 = torch.append(NAME, mask)
    """
        .replace("NAME", name)
        .replace(
            "CONDITION",
            window > 0
                ? "torch.__or__(torch.gt(counts[s], 1), torch.gt(lengths[s], %d))".formatted(window)
                : "torch.gt(counts[s], 1)")
        .replace(
            "SEEN",
            window > 0
                ? "torch.logical_and(seen, torch.gt(steps, torch.sub(place, %d)))".formatted(window)
                : "seen");
  }

  private static final String END =
      """
        return torch.to((self.head).forward(torch.index_select(x, 0, out)), 6)
      """;
}
