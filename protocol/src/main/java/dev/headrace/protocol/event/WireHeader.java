package dev.headrace.protocol.event;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A record header; Kafka allows a null value and the same name more than once. */
@SuppressWarnings("ArrayRecordComponent") // compared by content below
public record WireHeader(String name, byte @Nullable [] value) {

  /** A header with text in UTF-8. */
  public static WireHeader of(String name, String value) {
    return new WireHeader(name, value.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof WireHeader h && name.equals(h.name) && Arrays.equals(value, h.value);
  }

  @Override
  public int hashCode() {
    return name.hashCode() * 31 + Arrays.hashCode(value);
  }

  @Override
  public String toString() {
    return name + "=" + (value == null ? "null" : new String(value, StandardCharsets.UTF_8));
  }
}
