package dev.headrace.worker.model.decoder;

import dev.headrace.worker.model.hf.HfConfig;
import dev.headrace.worker.model.torchscript.ScriptObject;
import dev.headrace.worker.model.weights.MalformedModelException;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/** Qwen3: the heads of query and key are normed before they are turned (modeling_qwen3.py). */
final class Qwen3 extends LlamaLike {
  @Override
  public List<String> modelTypes() {
    return List.of("qwen3");
  }

  @Override
  Window window(HfConfig c) throws MalformedModelException {
    return Qwen2.upperLayers(c);
  }

  @Override
  Map<String, Boolean> flags(HfConfig c) throws MalformedModelException {
    return Map.of("attention_bias", c.flag("attention_bias", false));
  }

  @Override
  ScriptObject attention(DecoderParts parts, String name, Norm before, int index)
      throws IOException {
    boolean bias = parts.config().has("attention_bias");
    return parts.normedAttention(
        before,
        parts.queryKeyValue(name, bias),
        parts.rmsNorm(name + "q_norm.weight", parts.config().headSize()),
        parts.rmsNorm(name + "k_norm.weight", parts.config().headSize()),
        parts.output(name + "o_proj", bias),
        index);
  }
}
