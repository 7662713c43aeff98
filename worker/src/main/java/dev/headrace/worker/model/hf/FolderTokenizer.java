package dev.headrace.worker.model.hf;

import dev.headrace.worker.model.TokenizerTraits;
import dev.headrace.worker.model.json.StrictJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@code tokenizer.json} and {@code tokenizer_config.json} of a folder. */
public final class FolderTokenizer {
  /** Chosen: the tokenizers of multilingual models have 17 MB. */
  private static final int MAX_BYTES = 128 << 20;

  private static final int MAX_DEPTH = 64;

  /** As BERT and RoBERTa call it, for folders that leave it to Python's class. */
  private static final List<String> MASK_TOKENS = List.of("[MASK]", "<mask>");

  private static final String FILE = "tokenizer.json";
  private static final StrictJson JSON = new StrictJson(FILE, MAX_BYTES, MAX_DEPTH);

  private final Path folder;
  private final TokenizerSettings settings;

  private FolderTokenizer(Path folder, TokenizerSettings settings) {
    this.folder = folder;
    this.settings = settings;
  }

  /** Reads the settings; {@code tokenizer.json} is read when asked for. */
  public static FolderTokenizer open(Path folder) throws IOException {
    return new FolderTokenizer(folder, TokenizerSettings.read(folder));
  }

  TokenizerSettings settings() {
    return settings;
  }

  /** The content of {@code tokenizer.json}. */
  public String json() throws IOException {
    return checked(JSON.read(folder.resolve(FILE)));
  }

  /** What we read of it ourselves. */
  public TokenizerFile file() throws IOException {
    return TokenizerFile.read(JSON, JSON.read(folder.resolve(FILE)));
  }

  /**
   * The mask token; a tokenizer may lack one.
   *
   * @param vocabulary token ids of the model are below this
   */
  public Optional<MaskToken> mask(int vocabulary) throws IOException {
    Map<String, Integer> tokens = file().addedTokens();
    List<String> names = new ArrayList<>(MASK_TOKENS);
    settings.maskToken().ifPresent(token -> names.add(0, token));
    for (String name : names) {
      Integer id = tokens.get(name);
      if (id != null && id < vocabulary) {
        return Optional.of(new MaskToken(name, id));
      }
    }
    return Optional.empty();
  }

  /**
   * How the model uses it.
   *
   * @param prompts texts that are put before others, by name
   */
  public TokenizerTraits traits(Map<String, String> prompts) throws IOException {
    return new TokenizerTraits(
        settings.tokenTypes(),
        prompts,
        file().continuingPrefix(),
        settings.unknownToken().orElse(""));
  }

  /**
   * Native code reads it next, so nothing but plain JSON gets there, and what is known to harm it.
   */
  static String checked(byte[] utf8) throws IOException {
    TokenizerFile.read(JSON, utf8);
    return new String(utf8, StandardCharsets.UTF_8);
  }
}
