package dev.headrace.worker.model.store;

import dev.headrace.worker.model.decoder.DecoderConfig;
import dev.headrace.worker.model.decoder.DecoderModel;
import dev.headrace.worker.model.decoder.Decoders;
import dev.headrace.worker.model.hf.HfConfig;
import dev.headrace.worker.model.hf.HfFolder;
import dev.headrace.worker.model.weights.MalformedModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Hugging Face folders of models that generate text. */
public final class DecoderFolders {
  private static final String GENERATES = "LMHeadModel";

  private DecoderFolders() {}

  /** Whether a folder holds one: its class in {@code config.json} generates text. */
  public static boolean isDecoder(Path folder) throws IOException {
    Path file = folder.resolve("config.json");
    if (!Files.isRegularFile(file)) {
      return false;
    }
    HfConfig config = HfConfig.read(file);
    return Decoders.modelTypes().contains(config.string("model_type", ""))
        && config.strings("architectures").stream()
            .anyMatch(a -> a.endsWith("ForCausalLM") || a.endsWith(GENERATES));
  }

  /**
   * The model of a folder, called as the folder. Reads all its files once, for the revision.
   *
   * @param longest the most tokens of a text, prompt included; the model's own limit if that is
   *     less
   * @throws IOException when the folder cannot be read or asks for what cannot be done
   */
  public static DecoderModel describe(Path folder, int longest) throws IOException {
    String name = String.valueOf(folder.getFileName());
    try {
      HfFolder files = HfFolder.open(folder);
      DecoderConfig config = Decoders.shape(files.config(), longest);
      int tokens = Math.min(longest, config.positions());
      return new DecoderModel(name, FolderRevision.of(folder), config, tokens, files);
    } catch (MalformedModelException e) {
      throw new MalformedModelException("model " + name + ": " + e.getMessage());
    }
  }
}
