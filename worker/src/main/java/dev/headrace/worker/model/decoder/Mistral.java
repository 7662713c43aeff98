package dev.headrace.worker.model.decoder;

import dev.headrace.worker.model.hf.HfConfig;
import dev.headrace.worker.model.torchscript.ScriptObject;
import dev.headrace.worker.model.weights.MalformedModelException;
import java.io.IOException;
import java.util.List;

/** Mistral: Llama whose tokens see a window of those before them (modeling_mistral.py). */
final class Mistral extends LlamaLike {
  @Override
  public List<String> modelTypes() {
    return List.of("mistral");
  }

  /** Later releases have {@code null} here: all tokens. */
  @Override
  Window window(HfConfig c) throws MalformedModelException {
    return new Window(c.integer("sliding_window", 1, Limits.POSITIONS, 0), 0);
  }

  @Override
  ScriptObject attention(DecoderParts parts, String name, Norm before, int index)
      throws IOException {
    return parts.attention(
        before, parts.queryKeyValue(name, false), parts.output(name + "o_proj", false), index);
  }
}
