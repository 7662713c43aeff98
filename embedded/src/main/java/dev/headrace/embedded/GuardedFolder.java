package dev.headrace.embedded;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A temporary folder that goes away with this JVM, however the JVM ends.
 *
 * <p>A waiting shell guards it: its standard input is a pipe from this JVM. When the pipe closes,
 * because {@link #close()} did so or because the JVM is gone (also after SIGKILL), the shell
 * deletes the folder and ends. It ignores the signals that a terminal sends to all processes at
 * once, so that Ctrl-C does not delete files under a server that is still closing. Only a signal
 * that kills the shell itself too (SIGKILL to the whole group) leaves the folder behind.
 */
final class GuardedFolder implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(GuardedFolder.class);
  private static final long DELETE_SECONDS = 10; // chosen: far above what a few thousand files take
  private static final String GUARD = "trap '' HUP INT TERM; read -r _; rm -rf -- \"$1\"";

  private final Path path;
  private final Process guard;

  private GuardedFolder(Path path, Process guard) {
    this.path = path;
    this.guard = guard;
  }

  static GuardedFolder create(String prefix) {
    try {
      Path path = Files.createTempDirectory(prefix);
      try {
        return new GuardedFolder(path, startGuard(path));
      } catch (IOException e) {
        Files.delete(path);
        throw e;
      }
    } catch (IOException e) {
      throw new EmbeddedServerException("cannot make a temporary folder with a guarding shell", e);
    }
  }

  private static Process startGuard(Path folder) throws IOException {
    return new ProcessBuilder(List.of("/bin/sh", "-c", GUARD, "headrace-guard", folder.toString()))
        .redirectOutput(Redirect.DISCARD)
        .redirectError(Redirect.DISCARD)
        .start();
  }

  Path path() {
    return path;
  }

  /** Deletes the folder; call it when nothing writes there any more. */
  @Override
  public void close() {
    try {
      guard.getOutputStream().close();
      guard.waitFor(DELETE_SECONDS, TimeUnit.SECONDS);
    } catch (IOException e) {
      log.warn("Guard of temporary folder did not take the end signal folder={}", path, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // The guard goes on deleting without us.
      return;
    }
    if (Files.exists(path)) {
      log.warn("Temporary folder is left folder={}", path);
    }
  }
}
