package dev.headrace.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.worker.model.ModelDescription;
import dev.headrace.worker.model.Precision;
import dev.headrace.worker.model.archive.ArchiveFolder;
import dev.headrace.worker.model.archive.CodeRevision;
import dev.headrace.worker.model.hf.ReferenceModel;
import dev.headrace.worker.model.store.ModelFolders;
import dev.headrace.worker.text.TokenizedText;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models from archives that were kept from an earlier load. */
class KeptArchivesIT {
  private static final List<TokenizedText> TEXTS =
      List.of(
          new TokenizedText(new int[] {2, 50, 60, 3}, false),
          new TokenizedText(new int[] {2, 70, 3}, false));

  @TempDir private Path directory;

  private Path kept;
  private ModelDescription model;

  @BeforeEach
  void assemble() throws Exception {
    kept = directory.resolve("kept");
    model = ModelFolders.describe(ReferenceModel.named("bert").assemble("embed", directory));
  }

  private float[] load(ModelDescription which, Precision precision) throws IOException {
    ArchiveFolder archives =
        ArchiveFolder.open(
            kept, CodeRevision.ofGenerators(), 1 << 30, Duration.ofDays(1), InstantSource.system());
    try (TorchEngine engine = TorchEngine.open(DeviceInventory.cpu(), 1, archives);
        EncoderSession session = engine.load(which, precision)) {
      return session.run(TEXTS).row(1);
    }
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> all = Files.list(kept)) {
      return all.filter(f -> f.toString().endsWith(".pt")).sorted().toList();
    }
  }

  @Test
  void second_load_takes_the_archive_of_the_first_and_gives_the_same() throws Exception {
    for (Precision precision : List.of(Precision.FLOAT32, Precision.INT8)) {
      float[] first = load(model, precision);
      List<Path> made = files();
      // Another archive would be written under another inode.
      Object before = Files.getAttribute(made.get(0), "unix:ino");
      assertThat(load(model, precision)).containsExactly(first);
      assertThat(files()).isEqualTo(made);
      assertThat(Files.getAttribute(made.get(0), "unix:ino")).isEqualTo(before);
    }
    assertThat(files()).as("one a precision").hasSize(2);
  }

  @Test
  void changed_model_is_generated_anew() throws Exception {
    float[] first = load(model, Precision.FLOAT32);
    ModelDescription other =
        new ModelDescription(
            model.name(),
            "changed",
            model.config(),
            model.maxTokens(),
            model.head(),
            model.files());
    assertThat(load(other, Precision.FLOAT32)).containsExactly(first);
    assertThat(files()).hasSize(2);
  }

  @Test
  void damaged_archive_is_made_anew() throws Exception {
    float[] first = load(model, Precision.FLOAT32);
    try (FileChannel file = FileChannel.open(files().get(0), StandardOpenOption.WRITE)) {
      file.truncate(file.size() / 2);
    }
    assertThat(load(model, Precision.FLOAT32)).containsExactly(first);
    assertThat(load(model, Precision.FLOAT32)).containsExactly(first);
    assertThat(files()).hasSize(1);
  }
}
