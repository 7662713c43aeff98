package dev.headrace.worker.model.encoder;

import dev.headrace.worker.model.torchscript.ScriptObject;
import java.io.IOException;

/** One family of encoders. */
interface EncoderArchitecture {
  /** The {@code model_type} of {@code config.json}. */
  String modelType();

  /**
   * A module {@code forward(ids, types, mask) -> hidden [batch, tokens, hidden]}: {@code ids
   * [batch, tokens] int32}; {@code types} like ids, or empty where all are 0; {@code mask}
   * optional, added to the attention scores, {@code [batch, 1, 1, tokens]}, -inf at padding.
   */
  ScriptObject encoder(Parts parts) throws IOException;
}
