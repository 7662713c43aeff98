package dev.headrace.worker.model.gguf;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.headrace.worker.model.weights.MalformedModelException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The tokenizer of a file as a {@code tokenizer.json}: byte pairs ({@code gpt2}), or SentencePiece
 * merged by score ({@code llama}), which the tokenizers library has as byte pairs, too.
 */
final class GgufTokenizer {
  private static final String PREFIX = "tokenizer.ggml.";

  /** Chosen: no vocabulary has more; two tokens of one text would hide each other anyway. */
  private static final int MAX_TOKENS = 1 << 22;

  /** Chosen: longer pieces are runs of blanks and rulers; their merges are tried at each place. */
  private static final int MAX_PIECE = 256;

  private static final int CONTROL = 3;
  private static final int USER_DEFINED = 4;
  private static final int UNKNOWN = 2;

  private final GgufFile file;
  private final List<String> tokens;
  private final float[] types;
  private final Map<String, Integer> ids = new HashMap<>();

  private GgufTokenizer(GgufFile file) throws MalformedModelException {
    this.file = file;
    this.tokens = file.texts(PREFIX + "tokens");
    this.types = file.numbers(PREFIX + "token_type");
    if (tokens.isEmpty() || tokens.size() > MAX_TOKENS) {
      throw file.malformed(PREFIX + "tokens", tokens.size(), "1.." + MAX_TOKENS + " tokens");
    }
    for (int i = 0; i < tokens.size(); i++) {
      ids.putIfAbsent(tokens.get(i), i);
    }
  }

  static String json(GgufFile file) throws MalformedModelException {
    return new GgufTokenizer(file).build().toString();
  }

  private static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  private ObjectNode build() throws MalformedModelException {
    String model = file.text(PREFIX + "model").orElse("");
    ObjectNode json = object().put("version", "1.0");
    json.putNull("truncation").putNull("padding");
    json.set("added_tokens", added());
    return switch (model) {
      case "gpt2" -> bytePairs(json);
      case "llama" -> sentencePiece(json);
      default -> throw file.malformed(PREFIX + "model", model, "gpt2 or llama");
    };
  }

  private int type(int id) {
    return id < types.length ? (int) types[id] : 1;
  }

  private ArrayNode added() {
    ArrayNode added = JsonNodeFactory.instance.arrayNode();
    for (int id = 0; id < tokens.size(); id++) {
      int type = type(id);
      if (type == CONTROL || type == USER_DEFINED || type == UNKNOWN) {
        added.add(
            object()
                .put("id", id)
                .put("content", tokens.get(id))
                .put("single_word", false)
                .put("lstrip", false)
                .put("rstrip", false)
                .put("normalized", false)
                .put("special", type != USER_DEFINED));
      }
    }
    return added;
  }

  private ObjectNode bytePairs(ObjectNode json) throws MalformedModelException {
    String pre = file.text(PREFIX + "pre").orElse("default");
    ObjectNode cut = PreTokenizers.named(pre);
    if (cut == null) {
      throw file.malformed(PREFIX + "pre", pre, PreTokenizers.KNOWN);
    }
    if (PreTokenizers.composes(pre)) {
      json.set("normalizer", object().put("type", "NFC"));
    } else {
      json.putNull("normalizer");
    }
    json.set("pre_tokenizer", cut);
    json.set("post_processor", ends(false));
    json.set("decoder", PreTokenizers.byteLevel(true));
    ArrayNode merges = JsonNodeFactory.instance.arrayNode();
    for (String merge : file.texts(PREFIX + "merges")) {
      // A blank separates the two; a piece of blanks does not occur, for bytes are letters here.
      int blank = merge.indexOf(' ', 1);
      if (blank < 0 || blank == merge.length() - 1) {
        throw file.malformed(PREFIX + "merges", merge, "two pieces");
      }
      pair(merges, merge.substring(0, blank), merge.substring(blank + 1));
    }
    ObjectNode model = model(merges, false);
    // Llama 3 has tokens that no merges lead to.
    model.put("ignore_merges", pre.startsWith("llama"));
    json.set("model", model);
    return json;
  }

  /** The library refuses merges that do not lead to a token. */
  private void pair(ArrayNode merges, String left, String right) throws MalformedModelException {
    if (!ids.containsKey(left) || !ids.containsKey(right) || !ids.containsKey(left + right)) {
      throw file.malformed(PREFIX + "merges", left + " " + right, "tokens that make a token");
    }
    merges.add(JsonNodeFactory.instance.arrayNode().add(left).add(right));
  }

  private ObjectNode model(ArrayNode merges, boolean bytes) {
    ObjectNode vocabulary = object();
    ids.entrySet().stream()
        .sorted(Map.Entry.comparingByValue())
        .forEach(e -> vocabulary.put(e.getKey(), e.getValue()));
    ObjectNode model = object().put("type", "BPE");
    model.putNull("dropout").putNull("continuing_subword_prefix").putNull("end_of_word_suffix");
    String unknown = bytes ? token("unknown_token_id") : null;
    model.put("unk_token", unknown);
    model.put("fuse_unk", bytes).put("byte_fallback", bytes);
    model.set("vocab", vocabulary);
    model.set("merges", merges);
    return model;
  }

  private @Nullable String token(String key) {
    try {
      int id = file.integer(PREFIX + key, 0, tokens.size() - 1, -1);
      return id < 0 ? null : tokens.get(id);
    } catch (MalformedModelException e) {
      // Some files have an id past the end where there is no such token.
      return null;
    }
  }

  /** What is put around a text. */
  private ObjectNode ends(boolean byDefault) throws MalformedModelException {
    String first = file.flag(PREFIX + "add_bos_token", byDefault) ? token("bos_token_id") : null;
    String last = file.flag(PREFIX + "add_eos_token", false) ? token("eos_token_id") : null;
    if (first == null && last == null) {
      return PreTokenizers.byteLevel(true);
    }
    ObjectNode special = object();
    ArrayNode single = JsonNodeFactory.instance.arrayNode();
    ArrayNode pair = JsonNodeFactory.instance.arrayNode();
    around(single, pair, special, first);
    single.add(object().set("Sequence", object().put("id", "A").put("type_id", 0)));
    pair.add(object().set("Sequence", object().put("id", "A").put("type_id", 0)));
    around(single, pair, special, last);
    pair.add(object().set("Sequence", object().put("id", "B").put("type_id", 1)));
    ObjectNode template = object().put("type", "TemplateProcessing");
    template.set("single", single);
    template.set("pair", pair);
    template.set("special_tokens", special);
    return template;
  }

  private void around(
      ArrayNode single, ArrayNode pair, ObjectNode special, @Nullable String token) {
    if (token != null) {
      ObjectNode piece = object().set("SpecialToken", object().put("id", token).put("type_id", 0));
      single.add(piece);
      pair.add(piece.deepCopy());
      ObjectNode known = object().put("id", token);
      known.set("ids", JsonNodeFactory.instance.arrayNode().add(ids.get(token)));
      known.set("tokens", JsonNodeFactory.instance.arrayNode().add(token));
      special.set(token, known);
    }
  }

  /**
   * SentencePiece merges the pair whose union has the best score; a list of all pairs in the order
   * of their union's score does the same (transformers, {@code convert_slow_tokenizer.py}).
   */
  private ObjectNode sentencePiece(ObjectNode json) throws MalformedModelException {
    float[] scores = file.numbers(PREFIX + "scores");
    if (scores.length != tokens.size()) {
      throw file.malformed(PREFIX + "scores", scores.length, tokens.size() + ", as tokens");
    }
    record Pair(String left, String right, float score, int leftId, int rightId) {}
    List<Pair> pairs = new ArrayList<>();
    for (int id = 0; id < tokens.size(); id++) {
      String piece = tokens.get(id);
      if ((type(id) != 1 && type(id) != USER_DEFINED) || piece.length() > MAX_PIECE) {
        continue;
      }
      for (int at = 1; at < piece.length(); at++) {
        Integer left = ids.get(piece.substring(0, at));
        Integer right = ids.get(piece.substring(at));
        if (left != null && right != null) {
          pairs.add(new Pair(piece.substring(0, at), piece.substring(at), scores[id], left, right));
        }
      }
    }
    pairs.sort(
        Comparator.comparing(Pair::score)
            .reversed()
            .thenComparing(Pair::leftId)
            .thenComparing(Pair::rightId));
    ArrayNode merges = JsonNodeFactory.instance.arrayNode();
    for (Pair pair : pairs) {
      merges.add(JsonNodeFactory.instance.arrayNode().add(pair.left()).add(pair.right()));
    }
    boolean prefix = file.flag(PREFIX + "add_space_prefix", true);
    json.set("normalizer", spaces(prefix));
    json.putNull("pre_tokenizer");
    ObjectNode ends = ends(true);
    if (ends.path("type").asText().equals("ByteLevel")) {
      json.putNull("post_processor");
    } else {
      json.set("post_processor", ends);
    }
    json.set("decoder", joined(prefix));
    json.set("model", model(merges, true));
    return json;
  }

  private static ObjectNode replace(String from, String to) {
    return object()
        .put("type", "Replace")
        .put("content", to)
        .set("pattern", object().put("String", from));
  }

  private static ObjectNode spaces(boolean prefix) {
    ArrayNode steps = JsonNodeFactory.instance.arrayNode();
    if (prefix) {
      steps.add(object().put("type", "Prepend").put("prepend", "\u2581"));
    }
    steps.add(replace(" ", "\u2581"));
    return object().put("type", "Sequence").set("normalizers", steps);
  }

  private static ObjectNode joined(boolean prefix) {
    ArrayNode steps = JsonNodeFactory.instance.arrayNode();
    steps.add(replace("\u2581", " "));
    steps.add(object().put("type", "ByteFallback"));
    steps.add(object().put("type", "Fuse"));
    if (prefix) {
      steps.add(object().put("type", "Strip").put("content", " ").put("start", 1).put("stop", 0));
    }
    return object().put("type", "Sequence").set("decoders", steps);
  }

  /** The texts of the special tokens, by the names that chat templates use. */
  static Map<String, String> special(GgufFile file) throws MalformedModelException {
    GgufTokenizer tokenizer = new GgufTokenizer(file);
    Map<String, String> special = new HashMap<>();
    Map.of(
            "bos_token", "bos_token_id",
            "eos_token", "eos_token_id",
            "unk_token", "unknown_token_id",
            "pad_token", "padding_token_id")
        .forEach(
            (name, key) ->
                Optional.ofNullable(tokenizer.token(key)).ifPresent(t -> special.put(name, t)));
    return special;
  }
}
