package dev.headrace.worker.model.json;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Random;

/**
 * Damages documents for tests that readers stand anything: flipped, inserted, removed and repeated
 * bytes, and pieces of JSON that mean trouble. The same seed damages in the same way.
 */
public final class Mutations {
  private static final String[] PIECES = {
    "-1",
    "0",
    "1e999",
    "-0.0",
    "1.5",
    "9223372036854775807",
    "9223372036854775808",
    "4294967296",
    "2147483648",
    "18446744073709551615",
    "1".repeat(200),
    "NaN",
    "null",
    "true",
    "{}",
    "[]",
    "\"\"",
    "[".repeat(2000),
    "{\"a\":".repeat(500),
    "\"../../x.safetensors\"",
    "\"/etc/passwd\"",
    "\"C:\\\\x.safetensors\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"__metadata__\":",
    "\"F8_E4M3\"",
    "\"F64\"",
    "\"I64\"",
    "\"" + "x".repeat(10_000) + "\"",
    ",",
    ":",
    "}",
    "]",
    "\"",
    "\\",
    "\u00e9",
    "\ufeff",
    "/*",
    "//",
    "'a'",
    "[9223372036854775807,9223372036854775807,0]",
    "[0,0]",
    "[0]",
  };

  private final Random random;

  public Mutations(long seed) {
    this.random = new Random(seed);
  }

  /** The document after one to four accidents. */
  public byte[] damage(byte[] document) {
    byte[] bytes = document.clone();
    for (int i = 0; i <= random.nextInt(4); i++) {
      bytes = once(bytes);
    }
    return bytes;
  }

  private byte[] once(byte[] bytes) {
    int from = random.nextInt(bytes.length + 1);
    int length = Math.min(bytes.length - from, random.nextInt(1 + random.nextInt(40)));
    return switch (random.nextInt(7)) {
      case 0 -> flipped(bytes);
      case 1 -> spliced(bytes, from, length, new byte[0]);
      case 2 -> spliced(bytes, from, length, piece());
      case 3 -> spliced(bytes, from, 0, piece());
      case 4 -> number(bytes);
      case 5 -> {
        byte[] repeated = new byte[length];
        System.arraycopy(bytes, from, repeated, 0, length);
        yield spliced(bytes, random.nextInt(bytes.length + 1), 0, repeated);
      }
      default -> {
        int rest = bytes.length - from;
        yield spliced(bytes, from, random.nextInt(8) == 0 ? rest : Math.min(1, rest), new byte[0]);
      }
    };
  }

  private byte[] piece() {
    return PIECES[random.nextInt(PIECES.length)].getBytes(StandardCharsets.UTF_8);
  }

  private byte[] flipped(byte[] bytes) {
    if (bytes.length > 0) {
      bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
    }
    return bytes;
  }

  /** Puts a piece in the place of one of the document's numbers. */
  private byte[] number(byte[] bytes) {
    for (int tries = 0; tries < 50 && bytes.length > 0; tries++) {
      int start = random.nextInt(bytes.length);
      int end = start;
      while (end < bytes.length && bytes[end] >= '0' && bytes[end] <= '9') {
        end++;
      }
      if (end > start) {
        return spliced(bytes, start, end - start, piece());
      }
    }
    return flipped(bytes);
  }

  private static byte[] spliced(byte[] bytes, int from, int removed, byte[] inserted) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(bytes.length + inserted.length);
    out.write(bytes, 0, from);
    out.write(inserted, 0, inserted.length);
    out.write(bytes, from + removed, bytes.length - from - removed);
    return out.toByteArray();
  }
}
