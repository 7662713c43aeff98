package dev.headrace.protocol.event;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A Kafka record without its place: key, headers, value. Bytes are never modified. */
@SuppressWarnings("ArrayRecordComponent") // compared by content below
public record WireRecord(byte @Nullable [] key, List<WireHeader> headers, byte @Nullable [] value) {
  public WireRecord(byte @Nullable [] key, List<WireHeader> headers, byte @Nullable [] value) {
    this.key = key;
    this.headers = List.copyOf(headers);
    this.value = value;
  }

  /** The text of the last header with this name, or null. */
  public @Nullable String text(String name) {
    for (int i = headers.size() - 1; i >= 0; i--) {
      byte[] value = headers.get(i).value();
      if (headers.get(i).name().equals(name) && value != null) {
        return new String(value, StandardCharsets.UTF_8);
      }
    }
    return null;
  }

  /** This record with more headers behind its own; those of the same name are replaced. */
  public WireRecord with(List<WireHeader> more) {
    List<WireHeader> all = new ArrayList<>();
    for (WireHeader own : headers) {
      if (more.stream().noneMatch(h -> h.name().equals(own.name()))) {
        all.add(own);
      }
    }
    all.addAll(more);
    return new WireRecord(key, all, value);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof WireRecord r
        && Arrays.equals(key, r.key)
        && headers.equals(r.headers)
        && Arrays.equals(value, r.value);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(key) * 31 + headers.hashCode();
  }
}
