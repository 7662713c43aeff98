package dev.headrace.worker.model.archive;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Enumeration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import java.util.zip.CRC32;

/**
 * Which code generates archives: a digest over the classes of the package {@code worker.model} and
 * those below, so that no build reads what another one generated otherwise.
 */
public final class CodeRevision {
  private static final String PACKAGE = "dev/headrace/worker/model/";

  private static final int DIGITS = 12;

  private CodeRevision() {}

  /**
   * The revision.
   *
   * @throws IOException when the classes are neither in a jar nor in a folder
   */
  public static String ofGenerators() throws IOException {
    CodeSource source = CodeRevision.class.getProtectionDomain().getCodeSource();
    if (source == null) {
      throw new IOException("code source: unknown (expected: a jar or a folder)");
    }
    try {
      Path place = Path.of(source.getLocation().toURI());
      Map<String, Long> sums = Files.isDirectory(place) ? folder(place) : jar(place);
      return digest(sums);
    } catch (URISyntaxException e) {
      throw new IOException("code source: " + source.getLocation() + " (expected: a file)", e);
    }
  }

  private static Map<String, Long> folder(Path place) throws IOException {
    Map<String, Long> sums = new TreeMap<>();
    List<Path> files;
    try (Stream<Path> all = Files.walk(place.resolve(PACKAGE))) {
      files = all.filter(Files::isRegularFile).toList();
    }
    for (Path file : files) {
      CRC32 sum = new CRC32();
      sum.update(Files.readAllBytes(file));
      sums.put(place.relativize(file).toString().replace('\\', '/'), sum.getValue());
    }
    return sums;
  }

  private static Map<String, Long> jar(Path place) throws IOException {
    Map<String, Long> sums = new TreeMap<>();
    try (JarFile jar = new JarFile(place.toFile())) {
      for (Enumeration<JarEntry> entries = jar.entries(); entries.hasMoreElements(); ) {
        JarEntry entry = entries.nextElement();
        if (entry.getName().startsWith(PACKAGE) && !entry.isDirectory()) {
          sums.put(entry.getName(), entry.getCrc());
        }
      }
    }
    return sums;
  }

  private static String digest(Map<String, Long> sums) throws IOException {
    if (sums.isEmpty()) {
      throw new IOException(PACKAGE + ": no classes (expected: those that generate archives)");
    }
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      sums.forEach(
          (name, sum) -> {
            digest.update(name.getBytes(StandardCharsets.UTF_8));
            digest.update(ByteBuffer.allocate(9).put((byte) 0).putLong(sum).flip());
          });
      return HexFormat.of().formatHex(digest.digest()).substring(0, DIGITS);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
