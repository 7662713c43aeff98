package dev.headrace.worker.text;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The process that {@link TokenizerTrial} starts: opens the tokenizer on its standard input and
 * uses it. Ends with 0 unless native code ends it, for an exception is an answer.
 */
final class TokenizerProbe {
  /** The option with the longest row, in tokens. */
  static final String MAX_LENGTH = "maxLength";

  /** The line that says that the file comes next. */
  static final String READY = "ready";

  /** So many tokens are made text again, one by one; they are the special ones and the letters. */
  private static final int DECODED = 1_000;

  /** Each kind of text that tokenizers treat in a way of its own. */
  private static final List<String> TEXTS =
      List.of(
          "",
          " ",
          "The quick brown fox jumps over the lazy dog, doesn't it?",
          "  two  spaces\tand\r\nlines\n\n\n",
          "12345 67.89 1e-5 $100 50% (a+b)*c [x] {y} <s> </s> [MASK] <|endoftext|> ## \u2581 \u0120",
          "Stra\u00dfe na\u00efve e\u0301 \u0130 \ufb01",
          "\u6771\u4eac\u3068\u5317\u4eac \ud55c\uad6d\uc5b4 \u0e20\u0e32\u0e29\u0e32",
          "\u0627\u0644\u0639\u0631\u0628\u064a\u0629 \u05e2\u05d1\u05e8\u05d9\u05ea \u0939\u093f\u0928\u094d\u0926\u0940",
          "\ud83d\ude00 \ud83d\udc69\u200d\ud83d\udcbb \ud83c\udff4\u200d\u2620\ufe0f \ud835\udd38",
          "\u0000\u0001\u007f\u00a0\u200b\ufeff\ufffd\uffff\udbff\udfff",
          "a".repeat(5_000),
          "word ".repeat(2_000));

  private TokenizerProbe() {}

  /** Options of the library as {@code name=value}. */
  public static void main(String[] args) throws IOException {
    Map<String, String> options = new HashMap<>();
    for (String arg : args) {
      int at = arg.indexOf('=');
      options.put(arg.substring(0, at), arg.substring(at + 1));
    }
    byte[] json = System.in.readAllBytes();
    TextTokenizer.stayOffline();
    // Loads the library, which is no matter of the file.
    if (ai.djl.huggingface.tokenizers.jni.TokenizersLibrary.LIB == null) {
      throw new IllegalStateException("no library of tokenizers");
    }
    System.out.println(READY);
    System.out.flush();
    try (InputStream in = new ByteArrayInputStream(json);
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.newInstance(in, options)) {
      use(tokenizer);
    } catch (RuntimeException refused) {
      // It will be again, where it is opened for use.
    }
    Runtime.getRuntime().halt(0);
  }

  static void use(HuggingFaceTokenizer tokenizer) {
    for (String text : TEXTS) {
      answered(() -> tokenizer.decode(tokenizer.encode(text, true, false).getIds(), true));
      answered(() -> tokenizer.encode(text, false, false));
      answered(() -> tokenizer.encode(text, TEXTS.get(2), true, false));
    }
    for (int id = 0; id < DECODED; id++) {
      long[] one = {id};
      answered(() -> tokenizer.decode(one, false));
    }
    // A model may have more tokens than its tokenizer.
    answered(() -> tokenizer.decode(new long[] {Integer.MAX_VALUE}, true));
  }

  private static void answered(Runnable call) {
    try {
      call.run();
    } catch (RuntimeException e) {
      // A text that is refused with an exception fails its request alone.
    }
  }
}
