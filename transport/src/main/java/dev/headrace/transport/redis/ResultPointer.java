package dev.headrace.transport.redis;

import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.naming.RedisKeys;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * What a cached result is in Redis: the key of the outcome that was delivered, and a checksum of
 * its body. A key alone would not do. An idempotency key names its request's outcome, whatever that
 * asks: two requests of one name and different content may run at the same time, and one of them is
 * told the other's outcome; or the name is used for something else when its outcome is gone. The
 * content that was cached first would then be answered with another's result.
 *
 * @param checksum CRC-32C of the body
 */
record ResultPointer(String key, int checksum) {
  private static final char SEPARATOR = '@';

  /** Of an outcome that was delivered. */
  static ResultPointer to(Outcome result) {
    return new ResultPointer(
        RedisKeys.result(result.address().client(), result.id()), checksum(result));
  }

  /** Reads one; null for anything else. */
  static @Nullable ResultPointer parse(byte[] value) {
    String text = new String(value, StandardCharsets.UTF_8);
    int end = text.indexOf(SEPARATOR);
    if (end < 0 || !RedisKeys.isResult(text.substring(end + 1))) {
      return null;
    }
    try {
      return new ResultPointer(
          text.substring(end + 1), Integer.parseUnsignedInt(text, 0, end, Character.MAX_RADIX));
    } catch (NumberFormatException e) {
      return null;
    }
  }

  String encode() {
    return Integer.toUnsignedString(checksum, Character.MAX_RADIX) + SEPARATOR + key;
  }

  /** Whether this is the result that was meant. */
  boolean means(Outcome found) {
    return found.status() == Status.OK && checksum(found) == checksum;
  }

  private static int checksum(Outcome outcome) {
    CRC32C crc = new CRC32C();
    crc.update(outcome.body());
    return (int) crc.getValue();
  }
}
