package dev.headrace.worker.text;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * A program that does with a tokenizer file what a worker would do with it, and prints {@link #OK}
 * if it lives to see the end. What the tokenizer refuses with an error is no matter here: the
 * worker gets the same error.
 *
 * <p>Arguments: the file, and after how many seconds it ends in any case, for nobody may be left to
 * end it.
 */
final class TrialProgram {
  /** The last line of a trial that was survived. */
  static final String OK = "trial passed";

  /** Kinds of characters that the parts of a tokenizer treat each in its own way. */
  private static final List<String> TEXTS =
      List.of(
          "",
          " ",
          "a",
          "The harbour was quiet; 1,234 boats (or so) lay at anchor.\n\n\tWho\u00a0pays?",
          "\u00c9t\u00e9, \u00e9te\u0301, \u017f, \u0130, \ufb01n, Stra\u00dfe, \uff21\uff22",
          "\u041f\u0440\u0438\u0432\u0435\u0442, \u4e16\u754c\u3002 \u3053\u3093\u306b\u3061\u306f \ud55c\uad6d\uc5b4"
              + " \u0645\u0631\u062d\u0628\u0627 \u0939\u093f\u0928\u094d\u0926\u0940",
          "\ud83d\udc69\u200d\ud83d\udcbb \ud83c\udde8\ud83c\udded \u2581\u0120 \u200b\ufeff \u0007 ~!@#$%^&*_+=[]{}|\\",
          "<s> </s> <unk> <pad> <mask> [CLS] [SEP] [UNK] [PAD] [MASK] <|im_start|> <0x0A>",
          "word ".repeat(200),
          "x".repeat(2_000));

  /** No vocabulary here has more; ids that are in none are read over. */
  private static final int IDS = 1 << 19;

  private static final int IDS_AT_A_TIME = 1 << 10;

  private TrialProgram() {}

  public static void main(String[] args) throws IOException {
    endAfter(Long.parseLong(args[1]));
    TextTokenizer.stayOffline();
    run(Files.readAllBytes(Path.of(args[0])));
    System.out.println(OK);
    System.out.flush();
    // Native threads of the library need not be waited for.
    Runtime.getRuntime().halt(0);
  }

  private static void endAfter(long seconds) {
    Thread thread =
        new Thread(
            () -> {
              try {
                Thread.sleep(seconds * 1_000);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              Runtime.getRuntime().halt(1);
            },
            "trial-end");
    thread.setDaemon(true);
    thread.start();
  }

  /** Both uses of tokenizers: of encoders, which cut, and of models that generate. */
  static void run(byte[] json) throws IOException {
    trial(json, Map.of("truncation", "true", "padding", "false", "maxLength", "32"));
    trial(json, Map.of("truncation", "false", "padding", "false"));
  }

  private static void trial(byte[] json, Map<String, String> options) throws IOException {
    try (InputStream in = new ByteArrayInputStream(json);
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.newInstance(in, options)) {
      for (String text : TEXTS) {
        refusable(() -> use(tokenizer, text));
        refusable(() -> tokenizer.encode(text, TEXTS.get(3), true, false));
      }
      for (int from = 0; from < IDS; from += IDS_AT_A_TIME) {
        long[] ids = IntStream.range(from, from + IDS_AT_A_TIME).asLongStream().toArray();
        refusable(() -> tokenizer.decode(ids, true));
      }
    } catch (RuntimeException e) {
      // The worker is told the same.
    }
  }

  static void use(HuggingFaceTokenizer tokenizer, String text) {
    TokenizersLibrary library = TokenizersLibrary.LIB;
    long encoding = library.encode(tokenizer.getHandle(), text, true);
    try {
      library.getTokens(encoding);
      library.getTokenCharSpans(encoding);
      long[] ids = library.getTokenIds(encoding);
      tokenizer.decode(ids, false);
    } finally {
      library.deleteEncoding(encoding);
    }
    tokenizer.encode(text, false, false);
  }

  private static void refusable(Runnable use) {
    try {
      use.run();
    } catch (RuntimeException e) {
      // The text is refused, as it would be in the worker.
    }
  }
}
