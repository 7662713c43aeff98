package dev.headrace.worker.engine;

import dev.headrace.worker.model.Precision;
import dev.headrace.worker.model.archive.Archives;
import dev.headrace.worker.model.archive.Archives.Archive;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The archives that an engine generates and loads. */
final class Generated {
  private static final Logger LOG = LoggerFactory.getLogger(Generated.class);

  private final Archives archives;
  private final ComputeDevice device;

  Generated(Archives archives, ComputeDevice device) {
    this.archives = archives;
    this.device = device;
  }

  /** Makes something of an archive, which is gone afterwards. */
  interface Loading<T> {
    T of(Path archive) throws IOException;
  }

  /**
   * What it is made of.
   *
   * @param kind which emitter
   * @param revision of the model's files
   * @param shape all else that the emitter is told
   */
  record Source(String kind, String revision, Precision precision, String shape) {}

  /** Loads the archive of this source; one that was kept and is refused is made anew. */
  <T> T load(Source source, Archives.Writer writer, Loading<T> loading) throws IOException {
    String key = key(source);
    try (Archive archive = archives.open(key, writer)) {
      try {
        return loading.of(archive.file());
      } catch (RuntimeException | Error e) {
        boolean noRoom =
            e instanceof EngineException x && x.kind() == EngineException.Kind.RESOURCE;
        if (noRoom || !archive.discard()) {
          throw e;
        }
        LOG.warn("archive refused, made anew key={} cause={}", key, e.toString());
      }
    }
    try (Archive archive = archives.open(key, writer)) {
      return loading.of(archive.file());
    }
  }

  private String key(Source source) {
    String all =
        String.join(
            "\n",
            device.kind().name(),
            new TreeSet<>(device.features()).toString(),
            source.toString());
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(all.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest).substring(0, 32);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
