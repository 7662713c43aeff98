package dev.headrace.worker.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headrace.worker.model.weights.MalformedModelException;
import dev.headrace.worker.testing.Leftovers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Files that make the native library abort end a process, but not this one. */
class TokenizerTrialIT {
  private static final Map<String, String> OPTIONS = Map.of("truncation", "false");

  private static byte[] bytes(String json) {
    return json.getBytes(StandardCharsets.UTF_8);
  }

  private static String wordLevel(String postProcessor) {
    return """
        {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
         "normalizer": null, "pre_tokenizer": {"type": "WhitespaceSplit"},
         "post_processor": %s, "decoder": null,
         "model": {"type": "WordLevel", "vocab": {"a": 0, "b": 1}, "unk_token": "a"}}
        """
        .formatted(postProcessor);
  }

  /** A merge whose second part is shorter than the prefix that the library cuts from it. */
  private static String shortMerge() {
    return """
        {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
         "normalizer": null, "pre_tokenizer": null, "post_processor": null, "decoder": null,
         "model": {"type": "BPE", "continuing_subword_prefix": "####",
           "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": [["a", "b"]]}}
        """;
  }

  private static String undefinedToken() {
    return wordLevel(
        """
        {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "[X]", "type_id": 0}},
          {"Sequence": {"id": "A", "type_id": 0}}], "pair": [], "special_tokens": {}}
        """);
  }

  @Test
  void file_that_makes_the_library_abort_is_an_error_of_its_model() {
    for (String json : List.of(shortMerge(), undefinedToken())) {
      assertThatThrownBy(() -> TokenizerTrial.check("hostile", bytes(json), OPTIONS))
          .isInstanceOf(MalformedModelException.class)
          .hasMessageStartingWith("tokenizer of hostile: the tokenizers library ended its process")
          .hasMessageContaining("panic")
          .hasMessageEndingWith("(expected: a tokenizer.json that it can read)");
    }
  }

  @Test
  void both_ways_to_open_a_tokenizer_try_it_first() {
    assertThatThrownBy(() -> PromptTokenizer.open("hostile", shortMerge()))
        .hasMessageContaining("hostile: the tokenizers library ended its process");
  }

  @Test
  void file_that_is_refused_with_an_exception_is_for_who_opens_it() {
    assertThatCode(() -> TokenizerTrial.check("empty", bytes("{}"), OPTIONS))
        .doesNotThrowAnyException();
    assertThatThrownBy(() -> PromptTokenizer.open("empty", "{}"))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("tokenizer of empty: ")
        .hasMessageNotContaining("ended its process");
  }

  @Test
  void good_file_is_tried_once() throws Exception {
    byte[] json = bytes(wordLevel("null"));
    TokenizerTrial.check("good", json, OPTIONS);
    // There is no time left for a second process.
    TokenizerTrial.check("good", json, OPTIONS, Duration.ZERO);
    try (PromptTokenizer tokenizer = PromptTokenizer.open("good", wordLevel("null"))) {
      assertThat(tokenizer.encode("b a b", true)).containsExactly(1, 0, 1);
    }
  }

  @Test
  void process_that_hangs_is_ended_and_leaves_no_file() throws Exception {
    Leftovers leftovers = Leftovers.since("headrace-tokenizer*");
    byte[] json = bytes(wordLevel("null") + "\n");
    assertThatThrownBy(() -> TokenizerTrial.check("slow", json, OPTIONS, Duration.ZERO))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("tokenizer of slow: not opened after 0 s");
    leftovers.awaitNone();
  }
}
