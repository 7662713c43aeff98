package dev.headrace.worker.model.ready;

import dev.headrace.worker.model.ModelDescription;
import dev.headrace.worker.model.ModelFiles;
import dev.headrace.worker.model.ReadyScript;
import dev.headrace.worker.model.TokenizerTraits;
import dev.headrace.worker.model.hf.FolderTokenizer;
import dev.headrace.worker.model.hf.HfConfig;
import dev.headrace.worker.model.weights.WeightSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** A folder of {@code headrace.json}, the TorchScript file it names, and {@code tokenizer.json}. */
public final class ReadyFolder implements ModelFiles {
  private final Sidecar sidecar;
  private final FolderTokenizer tokenizer;

  private ReadyFolder(Sidecar sidecar, FolderTokenizer tokenizer) {
    this.sidecar = sidecar;
    this.tokenizer = tokenizer;
  }

  /** Whether this is such a folder. */
  public static boolean is(Path folder) {
    return Files.isRegularFile(folder.resolve(Sidecar.FILE));
  }

  /**
   * Reads the small files and looks at the large one.
   *
   * @throws dev.headrace.worker.model.weights.MalformedModelException says what is wrong or missing
   */
  public static ReadyFolder open(Path folder) throws IOException {
    FolderTokenizer tokenizer = FolderTokenizer.open(folder);
    HfConfig json = HfConfig.read(folder.resolve(Sidecar.FILE));
    Sidecar sidecar = Sidecar.read(json, folder, tokenizer::mask);
    ScriptFile.check(sidecar.script().file());
    return new ReadyFolder(sidecar, tokenizer);
  }

  /** The model, called so. */
  public ModelDescription describe(String name, String revision) {
    return new ModelDescription(
        name, revision, sidecar.config(), sidecar.maxTokens(), sidecar.head(), this);
  }

  @Override
  public Optional<ReadyScript> readyScript() {
    return Optional.of(sidecar.script());
  }

  /** They are inside the script, as a pickle. */
  @Override
  public WeightSource openWeights() throws IOException {
    throw new UnsupportedOperationException("weights of TorchScript (expected: readyScript)");
  }

  @Override
  public String tokenizerJson() throws IOException {
    return tokenizer.json();
  }

  @Override
  public TokenizerTraits tokenizerTraits() throws IOException {
    return tokenizer.traits(Map.of());
  }
}
