package dev.headrace.protocol.naming;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256 as used in names. */
public final class Digests {
  /** Never fed, only copied. */
  private static final MessageDigest SHA256 = provided();

  private Digests() {}

  /**
   * SHA-256, in hex, over the parts, each preceded by its length so that no two different tuples
   * give the same bytes.
   */
  public static String sha256(byte[]... parts) {
    MessageDigest digest = newSha256();
    for (byte[] part : parts) {
      int n = part.length;
      digest.update(new byte[] {(byte) (n >>> 24), (byte) (n >>> 16), (byte) (n >>> 8), (byte) n});
      digest.update(part);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /** The client name under which the outcomes of a producer that names no client are kept. */
  public static String clientOfSource(String source) {
    return "source-" + sha256(source.getBytes(StandardCharsets.UTF_8)).substring(0, 16);
  }

  /** A copy, for asking the providers for one costs about as much as a short digest. */
  private static MessageDigest newSha256() {
    try {
      return (MessageDigest) SHA256.clone();
    } catch (CloneNotSupportedException e) {
      return provided();
    }
  }

  private static MessageDigest provided() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }
}
