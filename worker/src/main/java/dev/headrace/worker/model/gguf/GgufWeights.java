package dev.headrace.worker.model.gguf;

import dev.headrace.worker.model.weights.Tensor;
import dev.headrace.worker.model.weights.Tensors;
import dev.headrace.worker.model.weights.WeightSource;
import java.io.IOException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The tensors of a file under their Hugging Face names and in their order of rows. */
final class GgufWeights implements WeightSource {
  private static final Pattern BLOCK = Pattern.compile("blk\\.(\\d{1,6})\\.(\\w+)\\.(weight|bias)");

  private static final Map<String, String> LLAMA =
      Map.ofEntries(
          Map.entry("token_embd", "model.embed_tokens"),
          Map.entry("output_norm", "model.norm"),
          Map.entry("output", "lm_head"),
          Map.entry("attn_norm", "input_layernorm"),
          Map.entry("attn_q", "self_attn.q_proj"),
          Map.entry("attn_k", "self_attn.k_proj"),
          Map.entry("attn_v", "self_attn.v_proj"),
          Map.entry("attn_qkv", "self_attn.qkv_proj"),
          Map.entry("attn_output", "self_attn.o_proj"),
          Map.entry("attn_q_norm", "self_attn.q_norm"),
          Map.entry("attn_k_norm", "self_attn.k_norm"),
          Map.entry("ffn_norm", "post_attention_layernorm"),
          Map.entry("ffn_gate", "mlp.gate_proj"),
          Map.entry("ffn_up", "mlp.up_proj"),
          Map.entry("ffn_down", "mlp.down_proj"));

  private static final Map<String, String> GPT2 =
      Map.ofEntries(
          Map.entry("token_embd", "transformer.wte"),
          Map.entry("position_embd", "transformer.wpe"),
          Map.entry("output_norm", "transformer.ln_f"),
          Map.entry("output", "lm_head"),
          Map.entry("attn_norm", "ln_1"),
          Map.entry("attn_qkv", "attn.c_attn"),
          Map.entry("attn_output", "attn.c_proj"),
          Map.entry("ffn_norm", "ln_2"),
          Map.entry("ffn_up", "mlp.c_fc"),
          Map.entry("ffn_down", "mlp.c_proj"));

  private final GgufFile file;
  private final String architecture;
  private final int heads;
  private final int kvHeads;
  private final Map<String, String> stored = new LinkedHashMap<>();

  GgufWeights(GgufFile file) throws IOException {
    this.file = file;
    this.architecture = file.text("general.architecture").orElse("");
    String prefix = architecture + ".attention.";
    this.heads = file.integer(prefix + "head_count", 1, 1 << 10, 1);
    this.kvHeads = file.integer(prefix + "head_count_kv", 1, 1 << 10, heads);
    for (String name : file.tensors()) {
      String known = huggingFace(name);
      if (known != null) {
        stored.put(known, name);
      }
    }
  }

  private @org.jspecify.annotations.Nullable String huggingFace(String name) {
    boolean gpt2 = architecture.equals("gpt2");
    Map<String, String> names = gpt2 ? GPT2 : LLAMA;
    Matcher block = BLOCK.matcher(name);
    if (block.matches()) {
      String part = block.group(2);
      // Phi-3 keeps gate and up in one matrix.
      String known =
          architecture.equals("phi3") && part.equals("ffn_up")
              ? "mlp.gate_up_proj"
              : names.get(part);
      String layers = gpt2 ? "transformer.h." : "model.layers.";
      return known == null ? null : layers + block.group(1) + "." + known + "." + block.group(3);
    }
    int dot = name.lastIndexOf('.');
    String known = dot < 0 ? null : names.get(name.substring(0, dot));
    return known == null ? null : known + name.substring(dot);
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(stored.keySet());
  }

  @Override
  public Optional<Tensor> find(String name) throws IOException {
    String own = stored.get(name);
    if (own == null) {
      return Optional.empty();
    }
    Optional<Tensor> tensor = file.find(own);
    if (tensor.isEmpty()) {
      return tensor;
    }
    if (architecture.equals("llama") && own.contains(".attn_q.")) {
      return Optional.of(halves(tensor.get(), heads));
    }
    if (architecture.equals("llama") && own.contains(".attn_k.")) {
      return Optional.of(halves(tensor.get(), kvHeads));
    }
    boolean turned = name.contains(".c_") && name.endsWith(".weight");
    return turned && tensor.get().rank() == 2
        ? Optional.of(Tensors.transposed(tensor.get()))
        : tensor;
  }

  /**
   * Undoes what llama.cpp's converter does to query and key of Llama: there the two values that
   * turn together lie side by side, in Hugging Face's order half a head apart.
   */
  private Tensor halves(Tensor tensor, int count) throws IOException {
    long rows = tensor.rank() == 0 ? 0 : tensor.size(0);
    if (rows == 0 || rows % (2L * count) != 0 || rows > 1 << 24) {
      throw file.malformed("query or key", tensor, "rows for " + count + " heads of even width");
    }
    int size = (int) (rows / count);
    int[] order = new int[(int) rows];
    for (int row = 0; row < order.length; row++) {
      int inHead = row % size;
      order[row] = row - inHead + inHead % (size / 2) * 2 + inHead / (size / 2);
    }
    return Tensors.rows(tensor, order);
  }

  /** The mapping goes with the garbage collector; there is nothing to close. */
  @Override
  public void close() {}
}
