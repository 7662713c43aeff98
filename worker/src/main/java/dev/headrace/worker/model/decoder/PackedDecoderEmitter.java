package dev.headrace.worker.model.decoder;

import dev.headrace.worker.model.encoder.Target;
import dev.headrace.worker.model.torchscript.ScriptObject;
import dev.headrace.worker.model.weights.Tensor;
import dev.headrace.worker.model.weights.WeightSource;
import java.io.IOException;
import java.util.Optional;

/**
 * Builds a whole decoder for a GPU; what its layers do stands at {@link PackedLayers}. {@code
 * forward(kv, data, best, tokens, segments, wanted, longest, reach) -> logits [wanted,
 * vocabulary]}, in the model's precision, on the device:
 *
 * <ul>
 *   <li>{@code kv [layers, slots, 2 * kv heads, head size]}: keys and values, written in place
 *   <li>{@code data [n] int32} on the host, one copy for all: {@code ids [tokens]}, {@code
 *       positions [tokens]}, {@code rows [tokens]} (the slot of each), {@code starts [segments +
 *       1]} (where each segment's tokens begin, and their end), {@code first [segments + 1]} (the
 *       first slot of each sequence, and anything), {@code lengths [segments]} (of the sequences,
 *       with these tokens), {@code out [wanted]} (the tokens whose logits are wanted)
 *   <li>{@code best [2 * wanted] float32} on the host: gets the largest logit of each row, then
 *       their ids; queued, so the caller waits for an event behind it
 *   <li>{@code longest} tokens of a segment, {@code reach} slots of a sequence
 * </ul>
 *
 * {@code cache(slots)} makes {@code kv}; {@code row(logits, row)} gives one row in float32. DJL
 * could do the first two, but its native side ends the process when it meets bf16.
 */
public final class PackedDecoderEmitter {
  private PackedDecoderEmitter() {}

  /**
   * The model as a TorchScript module.
   *
   * @throws dev.headrace.worker.model.weights.MalformedModelException when a weight is missing or
   *     has another shape
   */
  public static ScriptObject model(DecoderConfig config, WeightSource weights, Target target)
      throws IOException {
    DecoderArchitecture architecture = Decoders.named(config.modelType());
    DecoderParts parts = new DecoderParts(config, weights, target, true);
    PackedLayers layers = new PackedLayers(config, parts.projections(), target);
    Tensor words = parts.require(architecture.embeddings(), config.vocabulary(), config.hidden());
    boolean learned = !architecture.positions().isEmpty();
    String source = forward(config, learned, PackedLayers.flash(target));
    ScriptObject model = DecoderEmitter.body(source, config, parts, words);
    model.module("norm", layers.norm(architecture.norm(parts)));
    if (!config.tied()) {
      Tensor head = parts.require(architecture.head(), config.vocabulary(), config.hidden());
      model.module("head", layers.linear(new Matrix(head, Optional.empty())));
    }
    return model;
  }

  private static String forward(DecoderConfig config, boolean learned, boolean flash) {
    StringBuilder source = new StringBuilder(START);
    source
        .append(learned ? LEARNED : "")
        .append(config.rope().dimensions() > 0 ? DecoderEmitter.TURN : DecoderEmitter.NO_TURN);
    source.append(flash ? NO_LISTS : LISTS);
    for (int i = 0; i < config.layers(); i++) {
      source.append(
          "  x = (self.layer%d).forward(x, torch.select(kv, 0, %d), %s)\n"
              .formatted(i, i, PackedLayers.ARGUMENTS));
    }
    return source
        .append(END)
        .append(MEMORY)
        .toString()
        .replace("LAYERS", Integer.toString(config.layers()))
        .replace("KVTWICE", Integer.toString(2 * config.kvHeads()))
        .replace("SIZE", Integer.toString(config.headSize()))
        .replace(
            "HEAD", config.tied() ? "torch.linear(y, self.words, None)" : "(self.head).forward(y)");
  }

  private static final String START =
      """
      def forward(self: __torch__.Model, kv: Tensor, data: Tensor, best: Tensor, tokens: int, segments: int, wanted: int, longest: int, reach: int) -> Tensor:
        d = torch.to(data, self.words.device, 3, True)
        ids = torch.slice(d, 0, 0, tokens)
        at = torch.mul(tokens, 2)
        positions = torch.slice(d, 0, tokens, at)
        after = torch.mul(tokens, 3)
        rows = torch.to(torch.slice(d, 0, at, after), 4)
        at = after
        after = torch.add(torch.add(at, segments), 1)
        starts = torch.slice(d, 0, at, after)
        at = after
        after = torch.add(torch.add(at, segments), 1)
        first = torch.slice(d, 0, at, after)
        at = after
        after = torch.add(at, segments)
        lengths = torch.slice(d, 0, at, after)
        out = torch.slice(d, 0, after, torch.add(after, wanted))
        x = torch.embedding(self.words, ids)
      """;

  private static final String LEARNED =
      "  x = torch.add_(x, torch.embedding(self.places, positions))\n";

  private static final String NO_LISTS =
      """
        counts = annotate(List[int], [])
        froms = annotate(List[int], [])
        sizes = annotate(List[int], [])
      """;

  /** What the device has as tensors, for the host to loop over. */
  private static final String LISTS =
      NO_LISTS
          + """
              base = torch.mul(tokens, 3)
              for s in range(segments):
                p = torch.add(base, s)
                low = annotate(int, torch.item(torch.select(data, 0, p)))
                high = annotate(int, torch.item(torch.select(data, 0, torch.add(p, 1))))
                _0 = torch.append(counts, torch.sub(high, low))
                f = torch.add(torch.add(p, segments), 1)
                _1 = torch.append(froms, annotate(int, torch.item(torch.select(data, 0, f))))
                g = torch.add(torch.add(f, segments), 1)
                _2 = torch.append(sizes, annotate(int, torch.item(torch.select(data, 0, g))))
            """;

  private static final String END =
      """
        if torch.gt(wanted, 0):
          y = (self.norm).forward(torch.index_select(x, 0, out))
          logits = HEAD
          values, indices, = torch.max(logits, 1, False)
          found = torch.cat([torch.to(values, 6), torch.to(indices, 6)], 0)
          _3 = torch.copy_(best, found, True)
        else:
          logits = x
        return logits
      """;

  private static final String MEMORY =
      """
      def cache(self: __torch__.Model, slots: int) -> Tensor:
        return torch.zeros([LAYERS, slots, KVTWICE, SIZE], dtype=self.words.dtype, layout=None, device=self.words.device)
      def row(self: __torch__.Model, logits: Tensor, row: int) -> Tensor:
        return torch.to(torch.select(logits, 0, row), 6)
      def top(self: __torch__.Model, logits: Tensor, temperatures: Tensor, found: Tensor, count: int) -> Tensor:
        values, ids, = torch.topk(logits, count, -1, True, True)
        t = torch.unsqueeze(torch.to(temperatures, logits.device, 6, True), 1)
        best = torch.to(values, 6)
        weights = torch.exp(torch.div(torch.sub(torch.to(logits, 6), torch.slice(best, 1, 0, 1)), t))
        total = torch.sum(weights, [1], True)
        all = torch.cat([best, torch.to(ids, 6), total], 1)
        return torch.copy_(found, torch.flatten(all), True)
      """;
}
