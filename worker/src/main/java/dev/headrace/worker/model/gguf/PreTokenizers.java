package dev.headrace.worker.model.gguf;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * What {@code tokenizer.ggml.pre} names: how a text is cut before byte pairs are merged (llama.cpp,
 * {@code llama-vocab.cpp}; the same as in the {@code tokenizer.json} of the models that it is named
 * after).
 */
final class PreTokenizers {
  static final String KNOWN =
      "default, gpt-2, gpt2, phi-2, smollm, starcoder, refact, codeshell, llama-bpe, llama3,"
          + " llama-v3, falcon3, qwen2 or qwen35";

  private static final String WORDS =
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}DIGITS| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

  private PreTokenizers() {}

  /** The {@code pre_tokenizer} for a name, or nothing where it is not known. */
  static @org.jspecify.annotations.Nullable ObjectNode named(String name) {
    return switch (name) {
      case "default", "gpt-2", "gpt2", "phi-2" -> byteLevel(true);
      case "smollm", "starcoder", "refact", "codeshell" -> sequence(digits(), byteLevel(true));
      case "llama-bpe", "llama3", "llama-v3", "falcon3" ->
          sequence(split(WORDS.replace("DIGITS", "{1,3}")), byteLevel(false));
      case "qwen2", "qwen35" -> sequence(split(WORDS.replace("DIGITS", "")), byteLevel(false));
      default -> null;
    };
  }

  /** Whether texts are brought to composed form first. */
  static boolean composes(String name) {
    return name.startsWith("qwen");
  }

  private static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  private static ObjectNode sequence(ObjectNode first, ObjectNode second) {
    ArrayNode parts = JsonNodeFactory.instance.arrayNode().add(first).add(second);
    return object().put("type", "Sequence").set("pretokenizers", parts);
  }

  private static ObjectNode digits() {
    return object().put("type", "Digits").put("individual_digits", true);
  }

  private static ObjectNode split(String regex) {
    return object()
        .put("type", "Split")
        .put("behavior", "Isolated")
        .put("invert", false)
        .set("pattern", object().put("Regex", regex));
  }

  static ObjectNode byteLevel(boolean regex) {
    return object()
        .put("type", "ByteLevel")
        .put("add_prefix_space", false)
        .put("trim_offsets", true)
        .put("use_regex", regex);
  }
}
