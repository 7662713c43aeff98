package dev.headrace.worker.model.decoder;

import dev.headrace.worker.model.hf.HfConfig;
import dev.headrace.worker.model.torchscript.ScriptObject;
import dev.headrace.worker.model.weights.MalformedModelException;
import java.io.IOException;
import java.util.List;

/** Qwen2 and Qwen2.5: Llama with biases on query, key and value (modeling_qwen2.py). */
final class Qwen2 extends LlamaLike {
  @Override
  public List<String> modelTypes() {
    return List.of("qwen2");
  }

  @Override
  Window window(HfConfig c) throws MalformedModelException {
    return upperLayers(c);
  }

  /** The window is for the layers from {@code max_window_layers} on, where it is used at all. */
  static Window upperLayers(HfConfig c) throws MalformedModelException {
    if (!c.flag("use_sliding_window", false)) {
      return Window.NONE;
    }
    int from = c.integer("max_window_layers", 0, Limits.LAYERS, 28);
    List<String> kinds = c.strings("layer_types");
    for (int i = 0; i < kinds.size(); i++) {
      String expected = i < from ? "full_attention" : "sliding_attention";
      if (!kinds.get(i).equals(expected)) {
        throw c.malformed(
            "layer_types",
            kinds,
            "full_attention before layer " + from + ", then sliding_attention");
      }
    }
    return new Window(c.integer("sliding_window", 1, Limits.POSITIONS, 4096), from);
  }

  @Override
  ScriptObject attention(DecoderParts parts, String name, Norm before, int index)
      throws IOException {
    return parts.attention(
        before, parts.queryKeyValue(name, true), parts.output(name + "o_proj", false), index);
  }
}
