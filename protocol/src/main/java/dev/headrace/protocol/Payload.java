package dev.headrace.protocol;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The JSON body of a request: carried along, or left in the store under a key (claim check).
 *
 * @param bytes the body in UTF-8, empty when it travels by reference; never modified
 * @param reference the Redis key that holds the body, or null
 */
@SuppressWarnings("ArrayRecordComponent") // compared by content below; copying bodies costs
public record Payload(byte[] bytes, @Nullable String reference) {
  public Payload {
    Objects.requireNonNull(bytes);
  }

  /** A body that travels with the record. */
  public static Payload inline(byte[] bytes) {
    return new Payload(bytes, null);
  }

  /** A body that waits in the store. */
  public static Payload byReference(String key) {
    return new Payload(new byte[0], key);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Payload p
        && Arrays.equals(bytes, p.bytes)
        && Objects.equals(reference, p.reference);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes) * 31 + Objects.hashCode(reference);
  }

  @Override
  public String toString() {
    return reference == null ? bytes.length + " bytes" : "reference " + reference;
  }
}
