package dev.headrace.worker.model.decoder;

import dev.headrace.worker.model.hf.HfConfig;
import dev.headrace.worker.model.torchscript.ScriptObject;
import java.io.IOException;
import java.util.List;

/** A family of decoders. CONTRIBUTING.md says how to add one. */
interface DecoderArchitecture {
  /** The values of {@code model_type} in {@code config.json} that mean this one. */
  List<String> modelTypes();

  /**
   * The shape that a {@code config.json} describes.
   *
   * @param longest the longest text that will be run, for rotations that depend on it
   * @throws IOException when it asks for what this class does not do; names the key
   */
  DecoderConfig shape(HfConfig config, int longest) throws IOException;

  /** The word embeddings, {@code [vocabulary, hidden]}. */
  String embeddings();

  /** The output head, {@code [vocabulary, hidden]}, where it is not tied to the embeddings. */
  default String head() {
    return "lm_head.weight";
  }

  /** The position embeddings, {@code [positions, hidden]}; empty where positions are rotations. */
  default String positions() {
    return "";
  }

  /** Layer {@code index}: a module as {@link DecoderParts#layer} makes it. */
  ScriptObject layer(DecoderParts parts, int index) throws IOException;

  /** The norm behind the last layer. */
  Norm norm(DecoderParts parts) throws IOException;
}
