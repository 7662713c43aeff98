package dev.headrace.worker.model.gguf;

import dev.headrace.worker.model.ModelFiles;
import dev.headrace.worker.model.hf.HfConfig;
import dev.headrace.worker.model.weights.MalformedModelException;
import dev.headrace.worker.model.weights.WeightSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** One GGUF file as a model: configuration, weights, tokenizer, chat template. */
public final class GgufModel implements ModelFiles {
  private static final int MAX_ID = 1 << 24;
  private final GgufFile file;

  private GgufModel(GgufFile file) {
    this.file = file;
  }

  /**
   * Maps a file and checks its header.
   *
   * @throws MalformedModelException when it is damaged; names the key
   */
  public static GgufModel open(Path file) throws IOException {
    return new GgufModel(GgufFile.map(file));
  }

  static GgufModel of(GgufFile file) {
    return new GgufModel(file);
  }

  /** The metadata under the keys of {@code config.json}. */
  public HfConfig config() throws IOException {
    return GgufConfig.read(file);
  }

  @Override
  public WeightSource openWeights() throws IOException {
    return new GgufWeights(file);
  }

  @Override
  public String tokenizerJson() throws IOException {
    return GgufTokenizer.json(file);
  }

  /** The Jinja template of conversations. */
  public Optional<String> chatTemplate() throws MalformedModelException {
    return file.text("tokenizer.chat_template");
  }

  /** Texts of {@code bos_token}, {@code eos_token} and so on, as far as the file has them. */
  public Map<String, String> specialTokens() throws MalformedModelException {
    return Collections.unmodifiableMap(GgufTokenizer.special(file));
  }

  /** Ids with which the model ends a text, or its turn. */
  public Set<Integer> ends() throws MalformedModelException {
    Set<Integer> ends = new TreeSet<>();
    for (String key : new String[] {"eos_token_id", "eot_token_id", "eom_token_id"}) {
      String whole = "tokenizer.ggml." + key;
      if (file.has(whole)) {
        ends.add(file.integer(whole, 0, MAX_ID, 0));
      }
    }
    return Collections.unmodifiableSet(ends);
  }
}
