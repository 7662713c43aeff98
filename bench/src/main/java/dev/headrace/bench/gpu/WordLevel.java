package dev.headrace.bench.gpu;

import java.util.ArrayList;
import java.util.List;

/** A tokenizer for models of random weights: each word is a token, ids are their places. */
final class WordLevel {
  private WordLevel() {}

  /** So many words {@code w0 w1 ...}. */
  static String json(int words) {
    List<String> all = new ArrayList<>();
    for (int i = 0; i < words; i++) {
      all.add("w" + i);
    }
    return json(all);
  }

  /** Words of letters and digits; the first stands for all that are unknown. */
  static String json(List<String> words) {
    StringBuilder vocabulary = new StringBuilder();
    for (int i = 0; i < words.size(); i++) {
      vocabulary.append(i == 0 ? "" : ",").append('"').append(words.get(i)).append("\":").append(i);
    }
    return """
        {"version": "1.0", "truncation": null, "padding": null, "normalizer": null,
         "added_tokens": [], "pre_tokenizer": {"type": "WhitespaceSplit"},
         "post_processor": null, "decoder": null,
         "model": {"type": "WordLevel", "vocab": {%s}, "unk_token": "%s"}}
        """
        .formatted(vocabulary, words.get(0));
  }
}
