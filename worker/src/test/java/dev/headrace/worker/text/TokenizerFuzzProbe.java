package dev.headrace.worker.text;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.headrace.worker.model.json.TreeMutations;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;

/**
 * A program that gives damaged tokenizer files to the native library, from one number to another,
 * and says before each what it does, for it may not live to say it afterwards: first the trial,
 * then, with what passed it, other texts.
 *
 * <p>Arguments: the tokenizer file, the first number, the number after the last.
 */
final class TokenizerFuzzProbe {
  private TokenizerFuzzProbe() {}

  public static void main(String[] args) throws IOException {
    TextTokenizer.stayOffline();
    byte[] document = Files.readAllBytes(Path.of(args[0]));
    for (int i = Integer.parseInt(args[1]); i < Integer.parseInt(args[2]); i++) {
      byte[] damaged = new TreeMutations(i).damage(document);
      System.out.println("trial " + i);
      open(damaged, TokenizerProbe::use);
      System.out.println("texts " + i);
      Random random = new Random(i);
      open(damaged, tokenizer -> texts(tokenizer, random));
    }
    System.out.println("done");
  }

  private interface Use {
    void on(HuggingFaceTokenizer tokenizer);
  }

  private static void open(byte[] json, Use use) throws IOException {
    Map<String, String> options =
        Map.of("truncation", "true", "padding", "false", TokenizerProbe.MAX_LENGTH, "64");
    try (InputStream in = new ByteArrayInputStream(json);
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.newInstance(in, options)) {
      use.on(tokenizer);
    } catch (RuntimeException e) {
      // The file, or a text, is refused as it should be.
    }
  }

  private static void texts(HuggingFaceTokenizer tokenizer, Random random) {
    for (int i = 0; i < 5; i++) {
      tokenizer.encode(text(random), text(random), true, false);
      tokenizer.decode(tokenizer.encode(text(random), true, false).getIds(), true);
    }
  }

  /** Any characters, those of ASCII and spaces more often. */
  private static String text(Random random) {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(200); i > 0; i--) {
      int c = random.nextInt(3) > 0 ? 32 + random.nextInt(95) : random.nextInt(0x20000);
      if (c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE) {
        text.appendCodePoint(random.nextInt(6) == 0 ? ' ' : c);
      }
    }
    return text.toString();
  }
}
