package dev.headrace.worker.encode;

import dev.headrace.protocol.config.Settings;
import dev.headrace.worker.model.archive.ArchiveFolder;
import dev.headrace.worker.model.archive.Archives;
import dev.headrace.worker.model.archive.CodeRevision;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.regex.Pattern;

/**
 * Where generated archives are kept.
 *
 * @param folder empty for nowhere
 * @param maxBytes of all of them
 * @param maxAge since one was last used
 */
public record ArchiveConfig(String folder, long maxBytes, Duration maxAge) {
  static final ArchiveConfig NONE = new ArchiveConfig("", 16L << 30, Duration.ofDays(30));

  private static final Pattern FOLDER = Pattern.compile("\\P{Cntrl}{0,4096}");

  static ArchiveConfig read(Settings s) {
    return new ArchiveConfig(
        s.text(
            "worker.models.archives",
            "",
            FOLDER,
            "a path, or nothing",
            "Folder that keeps what is generated from models for the next load, shared by the"
                + " workers of a machine; nothing to generate it each time."),
        s.bytes(
            "worker.models.archives.size",
            "16GiB",
            "Most that the folder keeps; what was used least recently goes."),
        s.duration(
            "worker.models.archives.age",
            NONE.maxAge(),
            Duration.ofMinutes(1),
            Duration.ofDays(3650),
            "What nobody has used for so long goes."));
  }

  /** Opens the folder, if there is one. */
  Archives open() {
    if (folder.isEmpty()) {
      return Archives.temporary();
    }
    try {
      return ArchiveFolder.open(
          Path.of(folder), CodeRevision.ofGenerators(), maxBytes, maxAge, InstantSource.system());
    } catch (IOException e) {
      throw new UncheckedIOException("worker.models.archives: " + e.getMessage(), e);
    }
  }
}
