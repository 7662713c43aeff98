package dev.headrace.worker.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headrace.worker.model.ModelCatalog;
import dev.headrace.worker.model.ModelDescription;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class TextTokenizerIT {
  private static final ModelDescription MODEL =
      ModelCatalog.builtIn().find("all-minilm-l6-v2").orElseThrow();
  private static TextTokenizer tokenizer;

  @BeforeAll
  static void open() throws Exception {
    tokenizer = TextTokenizer.open(MODEL);
  }

  @AfterAll
  static void close() {
    tokenizer.close();
  }

  @Test
  void text_becomes_word_pieces_between_the_special_tokens() throws Exception {
    TokenizedText text = tokenizer.tokenize("Hello, world!");
    assertThat(text.ids()).containsExactly(101, 7592, 1010, 2088, 999, 102);
    assertThat(text.tokens()).isEqualTo(6);
    assertThat(text.truncated()).isFalse();
  }

  @Test
  void an_empty_text_is_its_special_tokens() throws Exception {
    assertThat(tokenizer.tokenize("").ids()).containsExactly(101, 102);
  }

  @Test
  void a_long_text_is_cut_to_the_models_limit_and_says_so() throws Exception {
    TokenizedText text = tokenizer.tokenize("word ".repeat(300));
    assertThat(text.tokens()).isEqualTo(256);
    assertThat(text.ids()[255]).isEqualTo(102);
    assertThat(text.truncated()).isTrue();
    assertThat(tokenizer.tokenize("word ".repeat(254)).truncated()).isFalse();
  }

  @Test
  void the_limit_is_the_descriptions() throws Exception {
    try (TextTokenizer wide = TextTokenizer.open(MODEL.withMaxTokens(512))) {
      assertThat(wide.tokenize("word ".repeat(300)).tokens()).isEqualTo(302);
    }
  }

  @Test
  void a_huge_text_is_cut_before_it_is_read() throws Exception {
    TokenizedText text = tokenizer.tokenize("a b ".repeat(5_000_000));
    assertThat(text.tokens()).isEqualTo(256);
    assertThat(text.truncated()).isTrue();
    assertThat(tokenizer.tokenize("\ud83d\ude00".repeat(100_000)).truncated()).isTrue();
  }

  @Test
  void null_and_half_characters_are_refused() {
    assertThatThrownBy(() -> tokenizer.tokenize(null)).isInstanceOf(InvalidTextException.class);
    for (String text : List.of("a\ud83d", "\ude00a", "\ud83d\ud83d\ude00")) {
      assertThatThrownBy(() -> tokenizer.tokenize(text))
          .isInstanceOf(InvalidTextException.class)
          .hasMessageContaining("surrogate");
    }
  }

  @Test
  void odd_characters_are_tokens_too() throws Exception {
    for (String text : List.of("\0", "\ufffd\uffff", "\u202e\u200b", "\ud83d\ude00", "[SEP]")) {
      assertThat(tokenizer.tokenize(text).tokens()).isGreaterThanOrEqualTo(2);
    }
  }

  @Test
  void several_threads_get_the_same_ids() throws Exception {
    int[] expected = tokenizer.tokenize("The state of the Union is strong.").ids();
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      List<Future<int[]>> results = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        results.add(
            threads.submit(() -> tokenizer.tokenize("The state of the Union is strong.").ids()));
      }
      for (Future<int[]> result : results) {
        assertThat(result.get()).isEqualTo(expected);
      }
    } finally {
      threads.shutdownNow();
    }
  }
}
