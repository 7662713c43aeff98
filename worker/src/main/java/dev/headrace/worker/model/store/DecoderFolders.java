package dev.headrace.worker.model.store;

import dev.headrace.worker.model.ModelFiles;
import dev.headrace.worker.model.decoder.DecoderConfig;
import dev.headrace.worker.model.decoder.DecoderModel;
import dev.headrace.worker.model.decoder.Decoders;
import dev.headrace.worker.model.gguf.GgufModel;
import dev.headrace.worker.model.hf.HfConfig;
import dev.headrace.worker.model.hf.HfFolder;
import dev.headrace.worker.model.weights.MalformedModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Folders that hold a decoder: a Hugging Face folder, or one GGUF file. */
public final class DecoderFolders {
  private DecoderFolders() {}

  /**
   * The GGUF file of a folder, if it has one and no {@code config.json}.
   *
   * @throws MalformedModelException when it has several
   */
  public static Optional<Path> gguf(Path folder) throws IOException {
    if (Files.isRegularFile(folder.resolve("config.json"))) {
      return Optional.empty();
    }
    List<Path> files = ggufFiles(folder);
    if (files.size() > 1) {
      throw new MalformedModelException(
          folder.getFileName() + ": several GGUF files (expected: one in a folder)");
    }
    return files.stream().findFirst();
  }

  private static List<Path> ggufFiles(Path folder) throws IOException {
    try (Stream<Path> children = Files.list(folder)) {
      return children.filter(f -> f.toString().endsWith(".gguf")).sorted().limit(2).toList();
    }
  }

  /**
   * Whether a folder holds a decoder that {@link #describe} would try; one that is not there, as
   * that of a built-in model, does not.
   */
  public static boolean isDecoder(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return false;
    }
    Path config = folder.resolve("config.json");
    if (!Files.isRegularFile(config)) {
      return !ggufFiles(folder).isEmpty();
    }
    return Decoders.modelTypes().contains(HfConfig.read(config).string("model_type", ""));
  }

  /**
   * The model of one folder, called as the folder. Reads all its files once, for the revision.
   *
   * @param longest the most tokens of a sequence; cut to what the model has positions for
   */
  public static DecoderModel describe(Path folder, int longest) throws IOException {
    String name = String.valueOf(folder.getFileName());
    try {
      Optional<Path> gguf = gguf(folder);
      ModelFiles files;
      HfConfig json;
      if (gguf.isPresent()) {
        GgufModel model = GgufModel.open(gguf.get());
        files = model;
        json = model.config();
      } else {
        HfFolder hf = HfFolder.open(folder);
        files = hf;
        json = hf.config();
      }
      DecoderConfig config = Decoders.shape(json, longest);
      return new DecoderModel(
          name, FolderRevision.of(folder), config, Math.min(longest, config.positions()), files);
    } catch (MalformedModelException e) {
      throw new MalformedModelException("model " + name + ": " + e.getMessage());
    }
  }
}
