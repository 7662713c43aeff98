package dev.headrace.worker.model.encoder;

import dev.headrace.worker.model.EncoderConfig;
import dev.headrace.worker.model.hf.HfConfig;
import dev.headrace.worker.model.torchscript.ScriptObject;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A family of encoders. CONTRIBUTING.md says how to add one. */
interface EncoderArchitecture {
  /** The values of {@code model_type} in {@code config.json} that mean this one. */
  List<String> modelTypes();

  /**
   * What precedes the names of the encoder's weights in files that have a head too, as {@code
   * bert.}.
   */
  String prefix();

  /**
   * The shape that a {@code config.json} describes.
   *
   * @throws IOException when it asks for what this class does not do; names the key
   */
  EncoderConfig shape(HfConfig config) throws IOException;

  /**
   * A module {@code forward(ids, types, mask) -> hidden [batch, tokens, hidden]}: {@code ids
   * [batch, tokens] int32}; {@code types} like ids, or empty where all are 0; {@code mask}
   * optional, {@code [batch, 1, 1, tokens] bool}, true at tokens that are not padding.
   */
  ScriptObject encoder(Parts parts) throws IOException;

  /**
   * Whether {@link #encoder} gives a packed module where the target wants one: {@code forward(ids,
   * types, lengths, pack)}, described at {@link PackedPostNorm}.
   */
  default boolean packs() {
    return false;
  }

  /**
   * The trained head for texts: a module {@code forward(p) -> logits [batch, labels]} of {@code p
   * [batch, hidden]}, the pooled hidden states.
   */
  ScriptObject classifier(Parts parts, int labels) throws IOException;

  /**
   * The trained head for tokens: a module {@code forward(x) -> logits [batch, tokens, labels]} of
   * the hidden states.
   */
  default ScriptObject tokenClassifier(Parts parts, int labels) throws IOException {
    return parts.tokenClassifier("classifier", labels);
  }

  /** The head that was trained to fill masks. */
  Predictions predictions(EncoderConfig config);

  /**
   * A head for masked fill: a layer, the activation, a norm, and a score for each word. Names are
   * whole, without {@code .weight} and {@code .bias}.
   *
   * @param dense the layer
   * @param denseBias whether it has a bias
   * @param norm the norm
   * @param normBias whether it has a bias
   * @param gelu whether the activation is GELU whatever the model's is
   * @param decoder the last layer, whose weights mostly are the word embeddings
   * @param bias the last layer's bias, by its whole name, or null
   * @param words where the word embeddings are in the emitted model
   */
  record Predictions(
      String dense,
      boolean denseBias,
      String norm,
      boolean normBias,
      boolean gelu,
      String decoder,
      @Nullable String bias,
      String words) {
    static final String WORDS = "((self.encoder).embeddings).words";

    /** RoBERTa's, which MPNet kept. */
    static Predictions roberta() {
      return new Predictions(
          "lm_head.dense",
          true,
          "lm_head.layer_norm",
          true,
          true,
          "lm_head.decoder",
          "lm_head.bias",
          WORDS);
    }
  }
}
