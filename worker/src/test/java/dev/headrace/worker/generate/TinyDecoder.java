package dev.headrace.worker.generate;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/** A Hugging Face folder of a decoder that takes a millisecond a step: random weights, 62 words. */
public final class TinyDecoder {
  private static final int WORDS = 62;

  private TinyDecoder() {}

  /** Writes the folder, with a tokenizer of words {@code w0} to {@code w61}. */
  public static void write(Path folder) throws IOException {
    Files.createDirectories(folder);
    for (String name : new String[] {"config.json", "model.safetensors"}) {
      try (InputStream in =
          Objects.requireNonNull(
              TinyDecoder.class.getResourceAsStream("/reference/decoders/llama/" + name))) {
        Files.copy(in, folder.resolve(name));
      }
    }
    Files.writeString(folder.resolve("tokenizer.json"), WordTokenizer.json(WORDS));
  }
}
