package dev.headrace.worker.model.store;

import dev.headrace.worker.profile.ProfileFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/**
 * The revision of a folder: a digest over the JSON and weight files in it and below, their names
 * included. Hidden files, as git's, have no part in it.
 */
final class FolderRevision {
  private static final int BUFFER = 1 << 20;
  private static final int DIGITS = 12;

  /** Chosen: sentence-transformers folders have one level, or two with several back ends. */
  private static final int MAX_DEPTH = 4;

  private FolderRevision() {}

  static String of(Path folder) throws IOException {
    MessageDigest digest = sha256();
    byte[] buffer = new byte[BUFFER];
    for (Path file : files(folder)) {
      byte[] name = name(folder, file).getBytes(StandardCharsets.UTF_8);
      // Lengths first, so that no two folders run together to the same bytes.
      digest.update(ByteBuffer.allocate(12).putInt(name.length).putLong(Files.size(file)).flip());
      digest.update(name);
      try (InputStream in = Files.newInputStream(file)) {
        for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
          digest.update(buffer, 0, read);
        }
      }
    }
    return HexFormat.of().formatHex(digest.digest()).substring(0, DIGITS);
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder, MAX_DEPTH)) {
      return all.filter(file -> counts(name(folder, file)) && Files.isRegularFile(file))
          .sorted((a, b) -> name(folder, a).compareTo(name(folder, b)))
          .toList();
    }
  }

  private static boolean counts(String name) {
    boolean hidden = name.startsWith(".") || name.contains("/.");
    return !hidden
        && !name.equals(ProfileFile.NAME)
        && Stream.of(".json", ".safetensors", ".gguf", ".pt").anyMatch(name::endsWith);
  }

  private static String name(Path folder, Path file) {
    return folder.relativize(file).toString().replace('\\', '/');
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
