package dev.headrace.worker.model.decoder;

import dev.headrace.worker.model.hf.HfConfig;
import dev.headrace.worker.model.torchscript.ScriptObject;
import dev.headrace.worker.model.weights.MalformedModelException;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/** Llama 2 and 3, and what is built like them, SmolLM2 for one (modeling_llama.py). */
final class Llama extends LlamaLike {
  @Override
  public List<String> modelTypes() {
    return List.of("llama");
  }

  @Override
  Map<String, Boolean> flags(HfConfig c) throws MalformedModelException {
    return Map.of(
        "attention_bias", c.flag("attention_bias", false), "mlp_bias", c.flag("mlp_bias", false));
  }

  @Override
  ScriptObject attention(DecoderParts parts, String name, Norm before, int index)
      throws IOException {
    boolean bias = parts.config().has("attention_bias");
    return parts.attention(
        before, parts.queryKeyValue(name, bias), parts.output(name + "o_proj", bias), index);
  }
}
