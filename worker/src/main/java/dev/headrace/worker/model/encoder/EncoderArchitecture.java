package dev.headrace.worker.model.encoder;

import dev.headrace.worker.model.EncoderConfig;
import dev.headrace.worker.model.hf.HfConfig;
import dev.headrace.worker.model.torchscript.ScriptObject;
import java.io.IOException;
import java.util.List;

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
}
