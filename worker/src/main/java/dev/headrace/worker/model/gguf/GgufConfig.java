package dev.headrace.worker.model.gguf;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.headrace.worker.model.hf.HfConfig;
import dev.headrace.worker.model.weights.MalformedModelException;
import dev.headrace.worker.model.weights.Tensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** The metadata of a file as the {@code config.json} that it was made from. */
final class GgufConfig {
  private final GgufFile file;
  private final String architecture;
  private final ObjectNode json = JsonNodeFactory.instance.objectNode();

  private GgufConfig(GgufFile file, String architecture) {
    this.file = file;
    this.architecture = architecture;
  }

  static HfConfig read(GgufFile file) throws IOException {
    String architecture =
        file.text("general.architecture")
            .orElseThrow(() -> file.malformed("general.architecture", "missing", "a text"));
    GgufConfig config = new GgufConfig(file, architecture);
    config.json.put("model_type", architecture);
    if (architecture.equals("gpt2")) {
      config.gpt2();
    } else {
      config.llamaLike();
    }
    return HfConfig.parse(file.name(), config.json.toString().getBytes(StandardCharsets.UTF_8));
  }

  private String key(String end) {
    return architecture + "." + end;
  }

  /** Copies a number under another name; what is missing stays missing and fails there. */
  private void copy(String from, String to) throws MalformedModelException {
    if (file.has(key(from))) {
      double value = file.number(key(from), 0);
      if (value == Math.rint(value) && Math.abs(value) < 1e15) {
        json.put(to, (long) value);
      } else {
        json.put(to, value);
      }
    }
  }

  private void gpt2() throws IOException {
    copy("embedding_length", "n_embd");
    copy("attention.head_count", "n_head");
    copy("block_count", "n_layer");
    copy("context_length", "n_positions");
    copy("feed_forward_length", "n_inner");
    copy("attention.layer_norm_epsilon", "layer_norm_epsilon");
    vocabulary();
  }

  private void llamaLike() throws IOException {
    copy("embedding_length", "hidden_size");
    copy("attention.head_count", "num_attention_heads");
    copy("attention.head_count_kv", "num_key_value_heads");
    copy("attention.key_length", "head_dim");
    copy("block_count", "num_hidden_layers");
    copy("feed_forward_length", "intermediate_size");
    copy("context_length", "max_position_embeddings");
    copy("attention.layer_norm_rms_epsilon", "rms_norm_eps");
    copy("attention.sliding_window", "sliding_window");
    copy("rope.freq_base", "rope_theta");
    vocabulary();
    json.put("attention_bias", file.tensors().contains("blk.0.attn_q.bias"));
    json.put("mlp_bias", file.tensors().contains("blk.0.ffn_up.bias"));
    double heads = file.number(key("attention.head_count"), 0);
    double size = file.number(key("embedding_length"), 0) / heads;
    size = file.number(key("attention.key_length"), size);
    double turned = file.number(key("rope.dimension_count"), size);
    if (turned > 0 && turned < size) {
      json.put("partial_rotary_factor", turned / size);
    }
    scaling();
  }

  private void vocabulary() throws IOException {
    Optional<Tensor> words = file.find("token_embd.weight");
    if (words.isPresent() && words.get().rank() == 2) {
      json.put("vocab_size", words.get().size(0));
    }
    json.put("tie_word_embeddings", !file.tensors().contains("output.weight"));
  }

  /**
   * Llama 3's scaling is stored as what each frequency is divided by, Phi-3's as two such lists:
   * both are LongRoPE in the terms of {@code config.json}.
   */
  private void scaling() throws IOException {
    Optional<Tensor> divisors = file.find("rope_freqs.weight");
    Optional<Tensor> shorter = file.find("rope_factors_short.weight");
    Optional<Tensor> longer = file.find("rope_factors_long.weight");
    if (divisors.isPresent()) {
      json.set("rope_scaling", divided(divisors.get(), divisors.get(), 1));
      return;
    }
    if (shorter.isPresent() && longer.isPresent()) {
      copy("rope.scaling.original_context_length", "original_max_position_embeddings");
      double factor = file.number(key("rope.scaling.attn_factor"), 0);
      json.set("rope_scaling", divided(shorter.get(), longer.get(), factor));
      return;
    }
    String type = file.text(key("rope.scaling.type")).orElse("none");
    if (type.equals("none")) {
      return;
    }
    ObjectNode scaling = JsonNodeFactory.instance.objectNode();
    scaling.put("rope_type", type);
    scaling.put("factor", file.number(key("rope.scaling.factor"), 1));
    int original = file.integer(key("rope.scaling.original_context_length"), 0, 1 << 24, 0);
    if (original > 0) {
      scaling.put("original_max_position_embeddings", original);
    }
    json.set("rope_scaling", scaling);
  }

  private ObjectNode divided(Tensor shorter, Tensor longer, double factor) throws IOException {
    ObjectNode scaling = JsonNodeFactory.instance.objectNode();
    scaling.put("rope_type", "longrope");
    scaling.set("short_factor", list(shorter));
    scaling.set("long_factor", list(longer));
    if (factor > 0) {
      scaling.put("attention_factor", factor);
    } else {
      scaling.put("factor", 1);
    }
    return scaling;
  }

  private ArrayNode list(Tensor tensor) throws IOException {
    if (tensor.elements() > 1 << 12) {
      throw file.malformed("rope factors", tensor.elements(), "one for each pair of a head");
    }
    ArrayNode list = JsonNodeFactory.instance.arrayNode();
    for (float value : tensor.toFloats()) {
      list.add(value);
    }
    return list;
  }
}
