package dev.headrace.worker.model.encoder;

import dev.headrace.worker.model.DenseLayer;
import dev.headrace.worker.model.EncoderConfig;
import dev.headrace.worker.model.Head;
import dev.headrace.worker.model.Pooling;
import dev.headrace.worker.model.torchscript.ScriptClass;
import dev.headrace.worker.model.torchscript.ScriptObject;
import dev.headrace.worker.model.weights.WeightSource;
import java.io.IOException;
import java.util.List;

/**
 * Builds the whole model: encoder, pooling, head, so that no more leaves the device than is needed.
 *
 * <p>{@code forward(ids, types, lengths) -> [batch, width] float32}, or {@code [batch, tokens,
 * width]} for heads that say something of each token; for masked fill all values in one row, as
 * {@link Head.MaskedFill} says. {@code ids [batch, tokens] int32}, padded with any valid id; {@code
 * types} like ids or empty; {@code lengths [batch] int32}, tokens in each row, or empty where no
 * row is padded: then nothing is masked.
 */
public final class EncoderEmitter {
  private EncoderEmitter() {}

  /**
   * The model as a TorchScript module.
   *
   * @throws dev.headrace.worker.model.weights.MalformedModelException when a weight is missing or
   *     has another shape, or the configuration asks for what cannot be done
   */
  public static ScriptObject model(
      EncoderConfig config, WeightSource weights, Target target, Head head) throws IOException {
    EncoderArchitecture architecture = Architectures.named(config.modelType());
    Parts parts = new Parts(config, weights, target, architecture.prefix());
    String forward = packs(config, target) ? PACKED_FORWARD : FORWARD;
    ScriptObject model =
        new ScriptObject(new ScriptClass("Model", forward + ending(head, architecture, config)))
            .module("encoder", architecture.encoder(parts));
    if (head instanceof Head.Classifier classifier) {
      model.module("classifier", architecture.classifier(parts, classifier.labels().size()));
    } else if (head instanceof Head.Embedding embedding) {
      for (int i = 0; i < embedding.dense().size(); i++) {
        model.module("dense" + i, parts.dense(embedding.dense().get(i)));
      }
    } else if (head instanceof Head.TokenClassifier tokens) {
      model.module("classifier", architecture.tokenClassifier(parts, tokens.labels().size()));
    } else if (head instanceof Head.MaskedFill fill) {
      model.module("predictions", parts.predictions(architecture.predictions(config), fill.tied()));
    }
    return model;
  }

  /**
   * What follows a model whose code is not ours: {@code forward(x, ids, lengths) -> [batch, width]
   * float32}, where {@code x [batch, tokens, hidden]} are hidden states.
   */
  public static ScriptObject ending(Head.Embedding head) {
    return new ScriptObject(
        new ScriptClass(
            "Model",
            ENDING
                + pooled(head.poolings())
                + (head.normalise() ? NORMALISE : "")
                + "  return v\n"));
  }

  /** The same for logits of the whole vocabulary: {@code x [batch, tokens, vocabulary]}. */
  public static ScriptObject ending(Head.MaskedFill head) {
    return new ScriptObject(
        new ScriptClass(
            "Model",
            ENDING
                + "  out = torch.zeros([0], dtype=6, layout=None, device=x.device)\n"
                + masked(head, "torch.to(h, 6)")));
  }

  /** The same for vectors that are there: {@code x [batch, width]}. */
  public static ScriptObject normalising() {
    return new ScriptObject(
        new ScriptClass("Model", ENDING + "  v = torch.to(x, 6)\n" + NORMALISE + "  return v\n"));
  }

  /** Whether the model takes {@code pack} too, described at {@code PackedPostNorm}. */
  public static boolean packs(EncoderConfig config, Target target) throws IOException {
    return target.packs() && Architectures.named(config.modelType()).packs();
  }

  /**
   * The same model for a GPU, with one copy to the device and one back, both without waiting for
   * them: see {@link StagedModel}.
   */
  public static ScriptObject staged(
      EncoderConfig config, WeightSource weights, Target target, Head head) throws IOException {
    return StagedModel.of(model(config, weights, target, head), packs(config, target));
  }

  private static String ending(Head head, EncoderArchitecture architecture, EncoderConfig config) {
    if (head instanceof Head.Embedding embedding) {
      return pooled(embedding.poolings())
          + dense(embedding.dense())
          + (embedding.normalise() ? NORMALISE : "")
          + (embedding.dimensions() > 0 ? CUT.formatted(embedding.dimensions()) : "")
          + "  return v\n";
    }
    if (head instanceof Head.Classifier classifier) {
      return pooled(List.of(classifier.pooling()))
          + "  return torch.to((self.classifier).forward(torch.to(v, x.dtype)), 6)\n";
    }
    if (head instanceof Head.TokenClassifier) {
      return "  return torch.to((self.classifier).forward(x), 6)\n";
    }
    if (head instanceof Head.MaskedFill fill) {
      String words = architecture.predictions(config).words();
      String logits = "torch.to((self.predictions).forward(h, %s), 6)".formatted(words);
      return pooled(Pooling.MEAN) + "  out = torch.reshape(v, [-1])\n" + masked(fill, logits);
    }
    return "  return torch.to(x, 6)\n";
  }

  private static final String FORWARD =
      """
      def forward(self: __torch__.Model, ids: Tensor, types: Tensor, lengths: Tensor) -> Tensor:
        padded = torch.gt(torch.numel(lengths), 0)
        mask = annotate(Optional[Tensor], None)
        keep = lengths
        if padded:
          steps = torch.arange(torch.size(ids, 1), dtype=3, layout=None, device=ids.device)
          keep = torch.lt(torch.unsqueeze(steps, 0), torch.unsqueeze(lengths, 1))
          mask = torch.unsqueeze(torch.unsqueeze(keep, 1), 1)
        else:
          pass
        x = (self.encoder).forward(ids, types, mask)
      """;

  private static final String ENDING =
      """
      def forward(self: __torch__.Model, x: Tensor, ids: Tensor, lengths: Tensor) -> Tensor:
        padded = torch.gt(torch.numel(lengths), 0)
        keep = lengths
        if padded:
          steps = torch.arange(torch.size(ids, 1), dtype=3, layout=None, device=ids.device)
          keep = torch.lt(torch.unsqueeze(steps, 0), torch.unsqueeze(lengths, 1))
        else:
          pass
      """;

  private static final String PACKED_FORWARD =
      FORWARD
          .replace("lengths: Tensor)", "lengths: Tensor, pack: Tensor)")
          .replace("forward(ids, types, mask)", "forward(ids, types, lengths, pack)");

  private static String dense(List<DenseLayer> layers) {
    StringBuilder source = new StringBuilder();
    for (int i = 0; i < layers.size(); i++) {
      source.append("  v = (self.dense%d).forward(v)\n".formatted(i));
    }
    return source.toString();
  }

  private static String pooled(List<Pooling> poolings) {
    if (poolings.size() == 1) {
      return pooled(poolings.get(0));
    }
    StringBuilder source = new StringBuilder();
    StringBuilder vectors = new StringBuilder();
    for (int i = 0; i < poolings.size(); i++) {
      source.append(pooled(poolings.get(i))).append("  v%d = v\n".formatted(i));
      vectors.append(i == 0 ? "" : ", ").append('v').append(i);
    }
    return source + "  v = torch.cat([" + vectors + "], 1)\n";
  }

  /** Sets {@code v [batch, hidden] float32}. */
  private static String pooled(Pooling pooling) {
    return switch (pooling) {
      case CLS -> "  v = torch.to(torch.select(x, 1, 0), 6)\n";
      case MEAN ->
          """
            if padded:
              weights = torch.div(torch.to(keep, 6), torch.unsqueeze(lengths, 1))
              v = torch.squeeze(torch.matmul(torch.unsqueeze(weights, 1), torch.to(x, 6)), 1)
            else:
              v = torch.mean(x, [1], False, dtype=6)
          """;
      case MAX ->
          """
            if padded:
              hidden = torch.unsqueeze(torch.bitwise_not(keep), 2)
              v = torch.amax(torch.masked_fill(torch.to(x, 6), hidden, -3.0e38), [1])
            else:
              v = torch.amax(torch.to(x, 6), [1])
          """;
      case MEAN_SQRT_LENGTH -> weighted("torch.rsqrt(count)");
      case WEIGHTED_MEAN ->
          weighted(
              "torch.div(torch.add(places, 1.), torch.mul(torch.mul(count, torch.add(count, 1.)),"
                  + " 0.5))");
      case LAST_TOKEN -> weighted("torch.to(torch.eq(torch.add(places, 1.), count), 6)");
    };
  }

  /**
   * The sum over the tokens with these weights, made of {@code places [1, tokens]} from 0 on and
   * {@code count [batch or 1, 1]}, the tokens of a row, both float32.
   */
  private static String weighted(String weights) {
    return """
          tokens = torch.size(ids, 1)
          places = torch.unsqueeze(torch.arange(tokens, dtype=6, layout=None, device=ids.device), 0)
          if padded:
            count = torch.unsqueeze(torch.to(lengths, 6), 1)
          else:
            count = torch.full([1, 1], tokens, dtype=6, layout=None, device=ids.device)
          weights = torch.mul(%s, torch.to(torch.lt(places, count), 6))
          v = torch.squeeze(torch.matmul(torch.unsqueeze(weights, 1), torch.to(x, 6)), 1)
        """
        .formatted(weights);
  }

  /**
   * Puts what is at the masks behind {@code out}, row by row and in each from left to right, as the
   * host counts them.
   *
   * @param logits made of {@code h}, the rows of {@code x} at the masks
   */
  private static String masked(Head.MaskedFill head, String logits) {
    return MASKED
        .replace("MASK", Integer.toString(head.maskId()))
        .replace("LOGITS", logits)
        .replace("CANDIDATES", Integer.toString(head.candidates()));
  }

  private static final String MASKED =
      """
        masks = torch.eq(ids, MASK)
        if padded:
          masks = torch.logical_and(masks, keep)
        else:
          pass
        places = torch.nonzero(torch.reshape(masks, [-1]))
        if torch.gt(torch.numel(places), 0):
          flat = torch.reshape(x, [-1, torch.size(x, 2)])
          h = torch.embedding(flat, torch.squeeze(places, 1))
          logits = LOGITS
          best, tokens, = torch.topk(torch.softmax(logits, -1), CANDIDATES, -1, True, True)
          pairs = torch.cat([best, torch.to(tokens, 6)], 1)
          out = torch.cat([out, torch.reshape(pairs, [-1])])
        else:
          pass
        return out
      """;

  private static final String NORMALISE =
      "  v = torch.div(v, torch.clamp_min(torch.norm(v, 2, [1], True), 1e-12))\n";

  private static final String CUT = "  v = torch.contiguous(torch.slice(v, 1, 0, %d))\n";
}
