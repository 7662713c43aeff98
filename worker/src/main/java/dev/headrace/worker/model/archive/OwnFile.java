package dev.headrace.worker.model.archive;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A file that nobody else knows and that goes when it is closed.
 *
 * @param file of that name
 * @param discarding what {@link #discard} does
 */
record OwnFile(Path file, Discarding discarding) implements Archives.Archive {
  interface Discarding {
    boolean run() throws IOException;
  }

  @Override
  public boolean discard() throws IOException {
    return discarding.run();
  }

  @Override
  public void close() throws IOException {
    Files.deleteIfExists(file);
  }
}
