package dev.headrace.embedded;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A server with a folder: new, started and stopped any number of times, closed for good. The folder
 * is there from the first start to the close. Whoever calls what does not lock holds the object's
 * lock.
 */
abstract class FolderServer implements AutoCloseable {
  private final String prefix;
  private @Nullable GuardedFolder folder;
  private boolean closed;

  /**
   * A new server.
   *
   * @param prefix of the folder's name
   */
  FolderServer(String prefix) {
    this.prefix = prefix;
  }

  /**
   * To be called before each start.
   *
   * @throws IllegalStateException when it is closed
   */
  final void requireOpen() {
    if (closed) {
      throw new IllegalStateException("state: closed (expected: new or stopped)");
    }
  }

  /** The folder; made if there is none. */
  final Path dataFolder() {
    if (folder == null) {
      folder = GuardedFolder.create(prefix);
    }
    return folder.path();
  }

  /** Where its files are; null while there are none. */
  final synchronized @Nullable Path folder() {
    return folder == null ? null : folder.path();
  }

  /** Stops the server, to be started again or closed. */
  public abstract void stop();

  /** Stops the server and deletes its folder; harmless when repeated. */
  @Override
  public synchronized void close() {
    closed = true;
    stop();
    GuardedFolder deleting = folder;
    folder = null;
    if (deleting != null) {
      deleting.close();
    }
  }

  /** Collects settings over the defaults. */
  abstract static class SettingsBuilder<B extends SettingsBuilder<B>> {
    private final Map<String, String> settings = new LinkedHashMap<>();

    abstract B self();

    /** Sets one. */
    public B setting(String name, String value) {
      settings.put(Objects.requireNonNull(name), Objects.requireNonNull(value));
      return self();
    }

    /** Sets several. */
    public B settings(Map<String, String> more) {
      more.forEach(this::setting);
      return self();
    }

    final Map<String, String> settings() {
      return Map.copyOf(settings);
    }
  }
}
