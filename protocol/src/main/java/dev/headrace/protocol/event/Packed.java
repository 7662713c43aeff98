package dev.headrace.protocol.event;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Fields in a row, without names, for what only Headrace itself reads: a number is a varint (seven
 * bits a byte, the lowest first), a text its length in bytes plus one and its UTF-8, 0 for none.
 */
final class Packed {
  private Packed() {}

  /** Writes fields. */
  static final class Writer {
    private byte[] out;
    private int length;

    Writer(int sizeHint) {
      out = new byte[Math.max(16, sizeHint)];
    }

    Writer number(long value) {
      room(10);
      long rest = value;
      while ((rest & ~0x7fL) != 0) {
        out[length++] = (byte) (rest | 0x80);
        rest >>>= 7;
      }
      out[length++] = (byte) rest;
      return this;
    }

    Writer text(@Nullable String text) {
      if (text == null) {
        return number(0);
      }
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      number(bytes.length + 1L);
      return rest(bytes);
    }

    Writer texts(List<String> texts) {
      number(texts.size());
      texts.forEach(this::text);
      return this;
    }

    Writer flag(boolean flag) {
      return number(flag ? 1 : 0);
    }

    Writer time(Instant time) {
      Instant bounded = Attributes.bounded(time);
      long seconds = bounded.getEpochSecond();
      number((seconds << 1) ^ (seconds >> 63)); // small also when it is before 1970
      return number(bounded.getNano());
    }

    /** Bytes up to the end of what is written. */
    Writer rest(byte[] bytes) {
      room(bytes.length);
      System.arraycopy(bytes, 0, out, length, bytes.length);
      length += bytes.length;
      return this;
    }

    private void room(int more) {
      if (out.length - length < more) {
        out = Arrays.copyOf(out, Math.max(2 * out.length, length + more));
      }
    }

    byte[] bytes() {
      return length == out.length ? out : Arrays.copyOf(out, length);
    }
  }

  /** Reads fields; all methods throw MALFORMED_EVENT when there is no such field. */
  static final class Reader {
    private final String what;
    private final byte[] in;
    private int at;

    /**
     * A reader.
     *
     * @param what is read, for messages
     */
    Reader(String what, byte[] in) {
      this.what = what;
      this.in = in;
    }

    long number() {
      long value = 0;
      for (int shift = 0; shift < 64; shift += 7) {
        if (at == in.length) {
          throw malformed("ends in a number");
        }
        byte next = in[at++];
        value |= (next & 0x7fL) << shift;
        if (next >= 0) {
          return value;
        }
      }
      throw malformed("a number of more than 64 bits");
    }

    /** A number in this range. */
    int number(int min, int max) {
      long value = number();
      if (value < min || value > max) {
        throw malformed(value + " (expected: " + min + ".." + max + ")");
      }
      return (int) value;
    }

    @Nullable String text() {
      long size = number() - 1;
      if (size < 0) {
        return null;
      }
      if (size > in.length - at) {
        throw malformed("ends in a text");
      }
      int from = at;
      at += (int) size;
      return utf8(from, (int) size);
    }

    private String utf8(int from, int size) {
      for (int i = from; i < from + size; i++) {
        if (in[i] < 0) {
          return strict(from, size);
        }
      }
      return new String(in, from, size, StandardCharsets.ISO_8859_1);
    }

    private String strict(int from, int size) {
      try {
        return StandardCharsets.UTF_8
            .newDecoder()
            .decode(ByteBuffer.wrap(in, from, size))
            .toString();
      } catch (CharacterCodingException e) {
        throw malformed("bytes that are not UTF-8");
      }
    }

    String need() {
      String text = text();
      if (text == null) {
        throw malformed("a text is missing");
      }
      return text;
    }

    List<String> texts() {
      int count = number(0, in.length);
      if (count == 0) {
        return List.of();
      }
      List<String> texts = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        texts.add(need());
      }
      return texts;
    }

    boolean flag() {
      return number(0, 1) == 1;
    }

    Instant time() {
      long zigzag = number();
      long seconds = (zigzag >>> 1) ^ -(zigzag & 1);
      int nanos = number(0, 999_999_999);
      if (seconds < Attributes.EARLIEST.getEpochSecond()
          || seconds > Attributes.LATEST.getEpochSecond()) {
        throw malformed("a time out of range");
      }
      return Attributes.bounded(Instant.ofEpochSecond(seconds, nanos));
    }

    /** All that is left. */
    byte[] rest() {
      byte[] rest = Arrays.copyOfRange(in, at, in.length);
      at = in.length;
      return rest;
    }

    void end() {
      if (at != in.length) {
        throw malformed((in.length - at) + " bytes too many");
      }
    }

    FailureException malformed(String why) {
      return new FailureException(ErrorCode.MALFORMED_EVENT, what + ": " + why);
    }
  }
}
