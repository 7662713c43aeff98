package dev.headrace.worker.model.hf;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.headrace.worker.model.json.StrictJson;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What we read of {@code tokenizer.json} ourselves; the rest is the native tokenizer's. Read as a
 * stream, for the vocabulary may have a million entries.
 *
 * @param addedTokens ids of special and added tokens, by their text
 * @param continuingPrefix {@code continuing_subword_prefix}, as {@code ##}; mostly empty
 */
public record TokenizerFile(Map<String, Integer> addedTokens, String continuingPrefix) {
  /** Chosen: the models with most have some thousand. */
  private static final int MAX_ADDED = 100_000;

  static TokenizerFile read(StrictJson json, byte[] utf8) throws IOException {
    return json.read(utf8, parser -> read(json, parser));
  }

  private static TokenizerFile read(StrictJson json, JsonParser parser) throws IOException {
    Map<String, Integer> added = new HashMap<>();
    String prefix = "";
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      throw json.malformed("not an object (expected: a JSON object)");
    }
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      JsonToken value = parser.nextToken();
      if (name.equals("added_tokens") && value == JsonToken.START_ARRAY) {
        addedTokens(json, parser, added);
      } else if (name.equals("post_processor") && value == JsonToken.START_OBJECT) {
        checkTemplates(json, parser);
      } else if (name.equals("model") && value == JsonToken.START_OBJECT) {
        prefix = prefix(parser);
      } else {
        parser.skipChildren();
      }
    }
    return new TokenizerFile(Collections.unmodifiableMap(added), prefix);
  }

  private static void addedTokens(StrictJson json, JsonParser parser, Map<String, Integer> added)
      throws IOException {
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      if (parser.currentToken() != JsonToken.START_OBJECT) {
        parser.skipChildren();
        continue;
      }
      @Nullable String content = null;
      int id = -1;
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        JsonToken value = parser.nextToken();
        if (name.equals("content") && value == JsonToken.VALUE_STRING) {
          content = parser.getText();
        } else if (name.equals("id") && value == JsonToken.VALUE_NUMBER_INT) {
          id = parser.getIntValue();
        } else {
          parser.skipChildren();
        }
      }
      if (content != null && id >= 0) {
        added.put(content, id);
      }
      if (added.size() > MAX_ADDED) {
        throw json.malformed(
            "added_tokens: more than " + MAX_ADDED + " (expected: at most " + MAX_ADDED + ")");
      }
    }
  }

  private static String prefix(JsonParser parser) throws IOException {
    String prefix = "";
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      JsonToken value = parser.nextToken();
      if (name.equals("continuing_subword_prefix") && value == JsonToken.VALUE_STRING) {
        prefix = parser.getText();
      } else {
        parser.skipChildren();
      }
    }
    return prefix;
  }

  /**
   * A template that names a special token which it does not define ends the process: the native
   * library looks it up without asking (tokenizers 0.21.4, processors/template.rs), and a Rust
   * panic aborts the JVM.
   */
  private static void checkTemplates(StrictJson json, JsonParser parser) throws IOException {
    Set<String> defined = new HashSet<>();
    Set<String> used = new TreeSet<>();
    // The names of the objects that the parser is in; null stands for an element of an array.
    Deque<Optional<String>> path = new ArrayDeque<>();
    path.push(Optional.empty());
    Optional<String> name = Optional.empty();
    while (!path.isEmpty()) {
      JsonToken token = parser.nextToken();
      if (token == JsonToken.FIELD_NAME) {
        name = Optional.of(parser.currentName());
        if (path.peek().equals(Optional.of("special_tokens"))) {
          defined.add(parser.currentName());
        }
        continue;
      }
      if (token.isStructStart()) {
        path.push(name);
      } else if (token.isStructEnd()) {
        path.pop();
      } else if (token == JsonToken.VALUE_STRING
          && name.equals(Optional.of("id"))
          && path.peek().equals(Optional.of("SpecialToken"))) {
        used.add(parser.getText());
      }
      name = Optional.empty();
    }
    used.removeAll(defined);
    if (!used.isEmpty()) {
      throw json.malformed(
          "post_processor: special_tokens: "
              + StrictJson.quoted(String.join(", ", used))
              + " missing (expected: each that a template names)");
    }
  }
}
