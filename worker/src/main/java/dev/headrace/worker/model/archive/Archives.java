package dev.headrace.worker.model.archive;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where generated archives lie. Thread-safe. */
public interface Archives {
  /** Writes an archive. */
  interface Writer {
    void write(Path file) throws IOException;
  }

  /** An archive that stays as it is until this is closed, whatever others do. */
  interface Archive extends AutoCloseable {
    Path file();

    /**
     * Forgets the archive: libtorch refused it.
     *
     * @return whether it had been found, not made, so that to make it anew may help
     */
    boolean discard() throws IOException;

    @Override
    void close() throws IOException;
  }

  /**
   * The archive of this key, found or made.
   *
   * @param key hexadecimal; says everything that the content depends on
   */
  Archive open(String key, Writer writer) throws IOException;

  /** Each is a temporary file of its own, deleted when it has been read. */
  static Archives temporary() {
    return (key, writer) -> {
      Path file = Files.createTempFile("headrace-", ".pt");
      try {
        writer.write(file);
      } catch (IOException | RuntimeException | Error e) {
        Files.deleteIfExists(file);
        throw e;
      }
      return new OwnFile(file, () -> false);
    };
  }
}
