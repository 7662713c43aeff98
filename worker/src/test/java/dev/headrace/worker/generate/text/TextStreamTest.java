package dev.headrace.worker.generate.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class TextStreamTest {
  /** Every token is a byte, as in a tokenizer that falls back to bytes; 256 is a special token. */
  private static final TokenDecoder BYTES =
      ids -> {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int id : ids) {
          if (id < 256) {
            out.write(id);
          }
        }
        return out.toString(StandardCharsets.UTF_8);
      };

  /** Words with a space before each, of which a text's first loses its own, as in Llama 2. */
  private static final TokenDecoder WORDS =
      ids -> {
        StringBuilder text = new StringBuilder();
        for (int id : ids) {
          text.append(" w").append(id);
        }
        return text.isEmpty() ? "" : text.substring(1);
      };

  private static int[] bytes(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    int[] ids = new int[utf8.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = utf8[i] & 0xFF;
    }
    return ids;
  }

  @Test
  void a_character_comes_out_whole() {
    Detokenizer detokenizer = new Detokenizer(BYTES);
    int[] euro = bytes("a€");
    assertThat(detokenizer.add(euro[0])).isEqualTo("a");
    assertThat(detokenizer.add(euro[1])).isEmpty();
    assertThat(detokenizer.add(euro[2])).isEmpty();
    assertThat(detokenizer.add(euro[3])).isEqualTo("€");
  }

  @Test
  void spaces_are_those_of_the_whole_text() {
    Detokenizer detokenizer = new Detokenizer(WORDS);
    assertThat(detokenizer.add(1)).isEqualTo("w1");
    assertThat(detokenizer.add(2)).isEqualTo(" w2");
    assertThat(detokenizer.add(3)).isEqualTo(" w3");
  }

  @Test
  void bytes_that_never_become_a_character_are_let_go() {
    Detokenizer detokenizer = new Detokenizer(BYTES);
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 100; i++) {
      text.append(detokenizer.add(0xFF));
    }
    assertThat(text).hasSizeGreaterThan(80);
    text.append(detokenizer.flush());
    assertThat(text).hasSize(100).containsOnlyOnce("\uFFFD".repeat(100));
  }

  @Property(tries = 300)
  void pieces_are_whole_characters_and_join_to_the_text(@ForAll long seed) {
    Random random = new Random(seed);
    String[] parts = {"a", "é", "€", "😀", " ", "\n", "日本", "z"};
    StringBuilder expected = new StringBuilder();
    for (int i = random.nextInt(40); i > 0; i--) {
      expected.append(parts[random.nextInt(parts.length)]);
    }
    Detokenizer detokenizer = new Detokenizer(BYTES);
    StringBuilder text = new StringBuilder();
    for (int id : bytes(expected.toString())) {
      String piece = detokenizer.add(id);
      assertThat(piece).doesNotContain("\uFFFD");
      text.append(piece);
      if (random.nextInt(5) == 0) {
        text.append(detokenizer.add(256));
      }
    }
    assertThat(text.append(detokenizer.flush())).hasToString(expected.toString());
  }

  @Property(tries = 500)
  void the_text_ends_before_the_first_stop_string(@ForAll long seed) {
    Random random = new Random(seed);
    String all = letters(random, 60);
    List<String> stops =
        List.of(letters(random, 1 + random.nextInt(4)), letters(random, 1 + random.nextInt(4)));
    TextStream stream = new TextStream(BYTES, stops);
    StringBuilder news = new StringBuilder();
    boolean stopped = false;
    for (int id : bytes(all)) {
      stopped = stream.add(id);
      news.append(stream.news());
      if (stopped) {
        break;
      }
    }
    stopped |= stream.end();
    news.append(stream.news());

    // The one that is complete first; of those that end together the longest.
    int end = firstEnd(all, stops);
    int cut =
        stops.stream()
            .filter(s -> all.startsWith(s, end - s.length()))
            .mapToInt(s -> end - s.length())
            .min()
            .orElse(all.length());
    assertThat(stream.text())
        .as("seed %d, %s in %s", seed, stops, all)
        .isEqualTo(all.substring(0, cut));
    assertThat(news).hasToString(stream.text());
    assertThat(stopped).isEqualTo(cut < all.length());
  }

  private static int firstEnd(String all, List<String> stops) {
    return stops.stream()
        .filter(all::contains)
        .mapToInt(s -> all.indexOf(s) + s.length())
        .min()
        .orElse(-1);
  }

  private static String letters(Random random, int length) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      text.append(new String[] {"a", "b", "é", "😀"}[random.nextInt(4)]);
    }
    return text.toString();
  }

  @Test
  void a_stop_string_may_begin_and_end_within_tokens() {
    TokenDecoder decoder =
        ids -> {
          StringBuilder text = new StringBuilder();
          for (int id : ids) {
            text.append(List.of("Hello", " wor", "ld. ST", "OPPED").get(id));
          }
          return text.toString();
        };
    TextStream stream = new TextStream(decoder, List.of("STOP"));
    assertThat(stream.add(0)).isFalse();
    assertThat(stream.add(1)).isFalse();
    assertThat(stream.add(2)).isFalse();
    assertThat(stream.news()).isEqualTo("Hello world. ");
    assertThat(stream.add(3)).isTrue();
    assertThat(stream.news()).isEmpty();
    assertThat(stream.text()).isEqualTo("Hello world. ");
  }

  @Test
  void what_was_held_back_comes_when_nothing_follows() {
    TextStream stream = new TextStream(BYTES, List.of("ab"));
    stream.add('a');
    assertThat(stream.text()).isEmpty();
    assertThat(stream.end()).isFalse();
    assertThat(stream.text()).isEqualTo("a");
  }
}
