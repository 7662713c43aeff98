package dev.headrace.worker.model.encoder;

import dev.headrace.worker.model.EncoderConfig;
import dev.headrace.worker.model.hf.HfConfig;
import dev.headrace.worker.model.torchscript.ScriptClass;
import dev.headrace.worker.model.torchscript.ScriptObject;
import dev.headrace.worker.model.weights.Tensors;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/**
 * MPNet: RoBERTa's positions, no token types, and a bias on the attention scores by the distance of
 * two tokens, the same in all layers (arXiv 2004.09297; modeling_mpnet.py).
 */
final class MpNet implements EncoderArchitecture {
  private static final String BUCKETS = "relative_attention_num_buckets";

  /** modeling_mpnet.py uses as many whatever the table's size. */
  private static final int USED_BUCKETS = 32;

  /** Distances from here on share a bucket. */
  private static final int MAX_DISTANCE = 128;

  /** MPNetEmbeddings.padding_idx, whatever {@code pad_token_id} says. */
  private static final int PADDING_ID = 1;

  @Override
  public List<String> modelTypes() {
    return List.of("mpnet");
  }

  @Override
  public String prefix() {
    return "mpnet.";
  }

  @Override
  public EncoderConfig shape(HfConfig config) throws IOException {
    double buckets = config.integer(BUCKETS, USED_BUCKETS, Shapes.MAX_WIDTH, USED_BUCKETS);
    return Shapes.bertLike(config, PADDING_ID + 1, 1e-12, Map.of(BUCKETS, buckets));
  }

  @Override
  public ScriptObject encoder(Parts parts) throws IOException {
    return PostNorm.encoder(
        parts,
        Embeddings.afterPadding(parts, false, PADDING_ID),
        relativeBias(parts),
        i -> layer("encoder.layer." + i));
  }

  private static PostNorm.LayerNames layer(String name) {
    String attention = name + ".attention.attn.";
    return new PostNorm.LayerNames(
        attention + "q",
        attention + "k",
        attention + "v",
        attention + "o",
        name + ".attention.LayerNorm",
        name + ".intermediate.dense",
        name + ".output.dense",
        name + ".output.LayerNorm");
  }

  /** Holds the bias by distance, {@code [2 positions - 1, heads]}, from the most negative on. */
  private static ScriptObject relativeBias(Parts parts) throws IOException {
    EncoderConfig config = parts.config();
    int heads = config.heads();
    int farthest = config.positions() - 1;
    float[] byBucket =
        parts.floats("encoder.relative_attention_bias.weight", (int) config.own(BUCKETS), heads);
    float[] byDistance = new float[(2 * farthest + 1) * heads];
    for (int distance = -farthest; distance <= farthest; distance++) {
      int to = (distance + farthest) * heads;
      System.arraycopy(byBucket, bucket(distance) * heads, byDistance, to, heads);
    }
    String forward =
        """
        def forward(self: __torch__.RelativeBias, ids: Tensor, mask: Optional[Tensor]) -> Tensor:
          steps = torch.arange(torch.size(ids, 1), dtype=3, layout=None, device=ids.device)
          distances = torch.sub(torch.unsqueeze(steps, 0), torch.unsqueeze(steps, 1))
          b = torch.embedding(self.table, torch.add(distances, %d))
          bias = torch.contiguous(torch.unsqueeze(torch.permute(b, [2, 0, 1]), 0))
          if torch.__isnot__(mask, None):
            keep = unchecked_cast(Tensor, mask)
            bias = torch.masked_fill(bias, torch.bitwise_not(keep), -30000.)
          else:
            pass
          return bias
        """
            .formatted(farthest);
    return new ScriptObject(new ScriptClass("RelativeBias", forward))
        .tensor("table", parts.computed(Tensors.of(byDistance, 2L * farthest + 1, heads)));
  }

  /**
   * T5's buckets: half for keys after the query, half for those before; in each, half for one
   * distance and the others growing logarithmically. float32, as in Python.
   *
   * @param distance the key's position less the query's
   */
  static int bucket(int distance) {
    int half = USED_BUCKETS / 2;
    int exact = half / 2;
    int base = distance > 0 ? half : 0;
    int far = Math.abs(distance);
    if (far < exact) {
      return base + far;
    }
    float logarithm = (float) Math.log((float) far / exact);
    float scale = (float) Math.log((double) MAX_DISTANCE / exact);
    int step = (int) (logarithm / scale * (half - exact));
    return base + Math.min(exact + step, half - 1);
  }

  @Override
  public ScriptObject classifier(Parts parts, int labels) throws IOException {
    return parts.classifier("classifier.dense", "torch.tanh(h)", "classifier.out_proj", labels);
  }

  @Override
  public Predictions predictions(EncoderConfig config) {
    return Predictions.roberta();
  }
}
