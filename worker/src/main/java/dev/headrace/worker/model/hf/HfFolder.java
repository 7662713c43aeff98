package dev.headrace.worker.model.hf;

import dev.headrace.worker.model.ModelFiles;
import dev.headrace.worker.model.TokenizerTraits;
import dev.headrace.worker.model.weights.MalformedModelException;
import dev.headrace.worker.model.weights.WeightSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A Hugging Face folder: {@code config.json}, {@code tokenizer.json}, weights as safetensors, and
 * what sentence-transformers adds to them. Opening it reads the small files; weights and tokenizer
 * are read when asked for.
 */
public final class HfFolder implements ModelFiles {
  private static final int MAX_TOKENS = 1 << 24;

  /** In the order in which sentence-transformers looks for them. */
  private static final List<String> LENGTH_FILES =
      List.of(
          "sentence_bert_config.json",
          "sentence_roberta_config.json",
          "sentence_distilbert_config.json",
          "sentence_camembert_config.json",
          "sentence_albert_config.json",
          "sentence_xlm-roberta_config.json",
          "sentence_xlnet_config.json");

  private final Path folder;
  private final Path transformer;
  private final HfConfig config;
  private final Optional<SentenceModules> modules;
  private final SentencePrompts prompts;
  private final FolderTokenizer tokenizer;
  private final OptionalInt maxSequenceLength;

  private HfFolder(Path folder) throws IOException {
    this.folder = folder;
    this.prompts = SentencePrompts.read(folder);
    this.modules = SentenceModules.read(folder, prompts.crossEncoder());
    this.transformer = folder.resolve(modules.map(SentenceModules::transformerPath).orElse(""));
    this.config = HfConfig.read(transformer.resolve("config.json"));
    this.tokenizer = FolderTokenizer.open(transformer);
    this.maxSequenceLength = maxSequenceLength(transformer);
  }

  /**
   * Reads the folder's small files.
   *
   * @throws MalformedModelException when a file is missing, damaged or asks for what we cannot do;
   *     names the file, the key and what was expected
   */
  public static HfFolder open(Path folder) throws IOException {
    return new HfFolder(folder);
  }

  private static OptionalInt maxSequenceLength(Path folder) throws IOException {
    for (String name : LENGTH_FILES) {
      Path file = folder.resolve(name);
      if (Files.isRegularFile(file)) {
        int length = HfConfig.read(file).integer("max_seq_length", 1, MAX_TOKENS, 0);
        return length == 0 ? OptionalInt.empty() : OptionalInt.of(length);
      }
    }
    return OptionalInt.empty();
  }

  /** {@code config.json}. */
  public HfConfig config() {
    return config;
  }

  /** Pooling and what follows; empty for folders that are not for embeddings. */
  public Optional<SentenceModules> modules() {
    return modules;
  }

  public SentencePrompts prompts() {
    return prompts;
  }

  public TokenizerSettings tokenizer() {
    return tokenizer.settings();
  }

  /**
   * Longer texts are cut to this many tokens, special tokens included: {@code max_seq_length} of
   * sentence-transformers, else the tokenizer's limit, and never more than {@code positions}, which
   * the architecture has.
   */
  public int maxTokens(int positions) {
    int limit = maxSequenceLength.orElse(tokenizer.settings().maxTokens().orElse(positions));
    return Math.min(limit, positions);
  }

  @Override
  public WeightSource openWeights() throws IOException {
    return FolderWeights.open(
        folder, transformer, modules.map(SentenceModules::densePaths).orElse(List.of()));
  }

  @Override
  public String tokenizerJson() throws IOException {
    return tokenizer.json();
  }

  /** The mask token: see {@link FolderTokenizer#mask}. */
  public Optional<MaskToken> mask(int vocabulary) throws IOException {
    return tokenizer.mask(vocabulary);
  }

  @Override
  public TokenizerTraits tokenizerTraits() throws IOException {
    return tokenizer.traits(
        modules.isPresent() && modules.get().pooling().includePrompt()
            ? prompts.byName()
            : Map.of());
  }
}
