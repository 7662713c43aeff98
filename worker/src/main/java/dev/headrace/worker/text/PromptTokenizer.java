package dev.headrace.worker.text;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * Tokenizes prompts for a model that generates, and turns what it generates into text. Nothing is
 * cut: a prompt that is too long is for the caller to refuse.
 *
 * <p>Safe for use by several threads at once, as {@link TextTokenizer} is.
 */
public final class PromptTokenizer implements AutoCloseable {
  private final HuggingFaceTokenizer tokenizer;

  private PromptTokenizer(HuggingFaceTokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  /**
   * Opens a tokenizer; it may be closed by another thread. The file is tried in a process of its
   * own first, which takes half a second or so.
   *
   * @param name of the model, for messages
   * @param json the content of {@code tokenizer.json}
   */
  public static PromptTokenizer open(String name, String json) throws IOException {
    TextTokenizer.stayOffline();
    byte[] utf8 = json.getBytes(StandardCharsets.UTF_8);
    Map<String, String> options = Map.of("truncation", "false", "padding", "false");
    TokenizerTrial.check(name, utf8, options);
    try (InputStream in = new ByteArrayInputStream(utf8)) {
      return new PromptTokenizer(HuggingFaceTokenizer.newInstance(in, options));
    } catch (RuntimeException e) {
      throw new IOException("tokenizer of " + name + ": " + e.getMessage(), e);
    }
  }

  /**
   * The ids of a prompt.
   *
   * @param special whether the tokenizer adds what begins and ends a text; not for a rendered
   *     conversation, which has it already
   */
  public int[] encode(String text, boolean special) throws InvalidTextException {
    TextTokenizer.checkSurrogates(text);
    try {
      long[] longs = tokenizer.encode(text, special, false).getIds();
      int[] ids = new int[longs.length];
      for (int i = 0; i < ids.length; i++) {
        ids[i] = (int) longs[i];
      }
      return ids;
    } catch (RuntimeException e) {
      throw new InvalidTextException("text: refused by the tokenizer: " + e.getMessage());
    }
  }

  /** The text of some tokens, special ones left out; U+FFFD where bytes are no whole character. */
  public String decode(int[] ids) {
    long[] longs = new long[ids.length];
    for (int i = 0; i < ids.length; i++) {
      longs[i] = ids[i];
    }
    return tokenizer.decode(longs, true);
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
