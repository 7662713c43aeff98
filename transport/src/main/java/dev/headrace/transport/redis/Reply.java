package dev.headrace.transport.redis;

import dev.headrace.protocol.FailureException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What Redis answered to one call.
 *
 * @param value byte[], Long, List of these, or null
 * @param error INTERNAL_ERROR when the call itself failed: a value of the wrong type, a script
 *     error
 */
record Reply(@Nullable Object value, @Nullable FailureException error) {
  /** The value; throws the error if there is one. */
  @Nullable Object orThrow() {
    if (error != null) {
      throw error;
    }
    return value;
  }

  static byte[] bytes(@Nullable Object value) {
    return value instanceof byte[] bytes ? bytes : new byte[0];
  }

  static String text(@Nullable Object value) {
    return new String(bytes(value), StandardCharsets.UTF_8);
  }

  static List<?> list(@Nullable Object value) {
    return value instanceof List<?> list ? list : List.of();
  }
}
