package dev.headrace.bench.pipeline;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A second Headrace that runs beside the first in the same rounds: machines change from minute to
 * minute, so builds and settings that run one after the other cannot be compared.
 *
 * @param settings over those of the first
 * @param distribution the folder of another build, with {@code lib} in it; null for the same build
 */
public record Variant(Map<String, String> settings, @Nullable Path distribution) {
  /** No second Headrace. */
  public static final Variant NONE = new Variant(Map.of(), null);

  /** Copies the settings. */
  public Variant {
    settings = Map.copyOf(settings);
  }

  boolean none() {
    return settings.isEmpty() && distribution == null;
  }

  /**
   * What its JVM loads its classes from.
   *
   * @throws IOException when the distribution's folder holds no Headrace
   */
  String classPath() throws IOException {
    if (distribution == null) {
      return System.getProperty("java.class.path");
    }
    Path lib = distribution.resolve("lib");
    if (Files.isDirectory(lib)) {
      try (DirectoryStream<Path> jars = Files.newDirectoryStream(lib, "headrace-cli-*.jar")) {
        Iterator<Path> found = jars.iterator();
        if (found.hasNext()) {
          return found.next().toString();
        }
      }
    }
    throw new IOException(
        "--against: "
            + distribution
            + " (expected: a distribution's folder with lib/headrace-cli-*.jar)");
  }
}
