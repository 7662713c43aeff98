package dev.headrace.worker.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/**
 * What a test leaves in the folder for temporary files, where other processes' files come and go.
 */
public final class Leftovers {
  private final String glob;
  private final Set<Path> before;

  private Leftovers(String glob) throws IOException {
    this.glob = glob;
    this.before = found(glob);
  }

  /** From now on what comes and matches shall be gone at the end. */
  public static Leftovers since(String glob) throws IOException {
    return new Leftovers(glob);
  }

  /** What has come and is here goes: another process's when that is done with it. */
  public void awaitNone() throws IOException {
    Set<Path> left = found(glob);
    left.removeAll(before);
    await().untilAsserted(() -> assertThat(left).noneMatch(Files::exists));
  }

  private static Set<Path> found(String glob) throws IOException {
    Set<Path> found = new HashSet<>();
    Path folder = Path.of(System.getProperty("java.io.tmpdir"));
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, glob)) {
      files.forEach(found::add);
    }
    return found;
  }
}
