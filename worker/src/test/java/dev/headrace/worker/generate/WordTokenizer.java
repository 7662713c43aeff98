package dev.headrace.worker.generate;

import dev.headrace.worker.text.PromptTokenizer;
import java.io.IOException;

/** A tokenizer for tests: words {@code w0 w1 ...} and behind them the special tokens. */
final class WordTokenizer {
  private WordTokenizer() {}

  /** So many words, then {@code <s>}, which begins a text, and {@code <end>}. */
  static PromptTokenizer open(int words) throws IOException {
    return PromptTokenizer.open("words", json(words));
  }

  static String json(int words) {
    StringBuilder vocabulary = new StringBuilder();
    for (int i = 0; i < words; i++) {
      vocabulary.append("\"w").append(i).append("\":").append(i).append(',');
    }
    vocabulary.append("\"<s>\":").append(words).append(",\"<end>\":").append(words + 1);
    return """
        {"version": "1.0", "truncation": null, "padding": null, "normalizer": null,
         "added_tokens": [%s, %s],
         "pre_tokenizer": {"type": "WhitespaceSplit"},
         "post_processor": {"type": "TemplateProcessing",
           "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
           "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
           "special_tokens": {"<s>": {"id": "<s>", "ids": [%d], "tokens": ["<s>"]}}},
         "decoder": null,
         "model": {"type": "WordLevel", "vocab": {%s}, "unk_token": "w0"}}
        """
        .formatted(special(words, "<s>"), special(words + 1, "<end>"), words, vocabulary);
  }

  private static String special(int id, String content) {
    return """
        {"id": %d, "content": "%s", "single_word": false, "lstrip": false, "rstrip": false,
         "normalized": false, "special": true}"""
        .formatted(id, content);
  }
}
