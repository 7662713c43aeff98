package dev.headrace.worker.model.gguf;

import dev.headrace.worker.model.json.StrictJson;
import dev.headrace.worker.model.weights.ByteRegion;
import dev.headrace.worker.model.weights.MalformedModelException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Reads the little-endian values of a header one after the other. */
final class GgufReader {
  /** Chosen: the longest chat templates have some ten thousand characters. */
  private static final int MAX_TEXT = 4 << 20;

  private final ByteRegion region;
  private long position;

  GgufReader(ByteRegion region, long position) {
    this.region = region;
    this.position = position;
  }

  long position() {
    return position;
  }

  private ByteBuffer next(int length) throws MalformedModelException {
    ByteBuffer bytes = region.slice(position, length);
    position += length;
    return bytes;
  }

  int u8() throws MalformedModelException {
    return next(1).get() & 0xff;
  }

  short i16() throws MalformedModelException {
    return next(2).getShort();
  }

  int i32() throws MalformedModelException {
    return next(4).getInt();
  }

  long i64() throws MalformedModelException {
    return next(8).getLong();
  }

  /** A number of things that follow, of at least {@code leastBytes} bytes each. */
  long count(String what, int leastBytes) throws MalformedModelException {
    long count = i64();
    long most = (region.size() - position) / leastBytes;
    if (count < 0 || count > most) {
      throw malformed(what, Long.toUnsignedString(count), "0.." + most);
    }
    return count;
  }

  String text(String what) throws MalformedModelException {
    long length = count(what + ": length", 1);
    if (length > MAX_TEXT) {
      throw malformed(what + ": length", Long.toString(length), "0.." + MAX_TEXT);
    }
    return StandardCharsets.UTF_8.decode(next((int) length)).toString();
  }

  void skipText(String what) throws MalformedModelException {
    skip(count(what + ": length", 1));
  }

  void skip(long bytes) throws MalformedModelException {
    if (bytes < 0 || bytes > region.size() - position) {
      throw malformed("size", Long.toString(bytes), "within " + region.size() + " bytes");
    }
    position += bytes;
  }

  MalformedModelException malformed(String what, String found, String expected) {
    return new MalformedModelException(
        region.name()
            + ": "
            + StrictJson.quoted(what)
            + ": "
            + StrictJson.quoted(found)
            + " (expected: "
            + expected
            + ")");
  }
}
