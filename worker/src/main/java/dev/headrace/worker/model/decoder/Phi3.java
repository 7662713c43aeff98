package dev.headrace.worker.model.decoder;

import dev.headrace.worker.model.hf.HfConfig;
import dev.headrace.worker.model.torchscript.ScriptObject;
import dev.headrace.worker.model.weights.MalformedModelException;
import java.io.IOException;
import java.util.List;

/**
 * Phi-3 and Phi-4-mini: Llama with query, key and value in one matrix, gate and up in another, and
 * perhaps only part of a head turned (modeling_phi3.py).
 */
final class Phi3 extends LlamaLike {
  @Override
  public List<String> modelTypes() {
    return List.of("phi3");
  }

  @Override
  Window window(HfConfig c) throws MalformedModelException {
    return new Window(c.integer("sliding_window", 1, Limits.POSITIONS, 0), 0);
  }

  @Override
  ScriptObject attention(DecoderParts parts, String name, Norm before, int index)
      throws IOException {
    return parts.attention(
        before,
        parts.fusedQueryKeyValue(name + "qkv_proj"),
        parts.output(name + "o_proj", false),
        index);
  }

  @Override
  ScriptObject feedForward(DecoderParts parts, String name, Norm before) throws IOException {
    return parts.gatedMlp(
        before, parts.fusedGateAndUp(name + "gate_up_proj"), parts.down(name + "down_proj", false));
  }
}
