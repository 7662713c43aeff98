package dev.headrace.transport.redis;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A Lua script from this package's resources.
 *
 * @param name of its file
 * @param source its text
 * @param sha the name that Redis gives it
 */
record Script(String name, String source, String sha) {
  static Script load(String name) {
    String file = name + ".lua";
    try (InputStream in = Script.class.getResourceAsStream(file)) {
      if (in == null) {
        throw new IllegalStateException(file + ": missing (expected: beside this class)");
      }
      byte[] source = in.readAllBytes();
      return new Script(name, new String(source, StandardCharsets.UTF_8), sha1(source));
    } catch (IOException e) {
      throw new UncheckedIOException(file, e);
    }
  }

  private static String sha1(byte[] source) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-1").digest(source));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-1", e);
    }
  }
}
