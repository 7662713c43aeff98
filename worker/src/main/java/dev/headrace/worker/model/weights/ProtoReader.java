package dev.headrace.worker.model.weights;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * Reads the fields of one Protocol Buffers message inside a region, which is not trusted.
 *
 * <p>Wire format: protobuf.dev/programming-guides/encoding. Groups are long deprecated and refused.
 * After {@link #next} the caller reads the field by the method of its wire type, or skips it.
 */
final class ProtoReader {
  static final int VARINT = 0;
  static final int FIXED64 = 1;
  static final int LENGTH = 2;
  static final int FIXED32 = 5;

  private final ByteRegion region;
  private final long end;
  private long position;
  private int wireType = -1;

  ProtoReader(ByteRegion region) {
    this(region, 0, region.size());
  }

  private ProtoReader(ByteRegion region, long start, long end) {
    this.region = region;
    this.position = start;
    this.end = end;
  }

  /** The number of the next field, or 0 at the end of the message. */
  int next() throws MalformedModelException {
    if (position == end) {
      return 0;
    }
    long tag = rawVarint();
    wireType = (int) (tag & 7);
    long field = tag >>> 3;
    if (field < 1 || field > (1 << 29) - 1) {
      throw malformed("field number " + field + " (expected: 1..536870911)");
    }
    return (int) field;
  }

  int wireType() {
    return wireType;
  }

  boolean atEnd() {
    return position == end;
  }

  long position() {
    return position;
  }

  long remaining() {
    return end - position;
  }

  long varint() throws MalformedModelException {
    expect(VARINT);
    return rawVarint();
  }

  /** A varint of a packed list: has no tag before it. */
  long packedVarint() throws MalformedModelException {
    return rawVarint();
  }

  /** The embedded message, bytes or packed list, whose content is read by the reader returned. */
  ProtoReader message() throws MalformedModelException {
    expect(LENGTH);
    long length = rawVarint();
    if (length < 0 || length > end - position) {
      throw malformed("length " + length + " (expected: 0.." + (end - position) + ")");
    }
    ProtoReader inner = new ProtoReader(region, position, position + length);
    position += length;
    return inner;
  }

  String string(int maxBytes) throws MalformedModelException {
    ProtoReader bytes = message();
    if (bytes.remaining() > maxBytes) {
      throw malformed("string of " + bytes.remaining() + " bytes (expected: <= " + maxBytes + ")");
    }
    ByteBuffer slice = region.slice(bytes.position, (int) bytes.remaining());
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(slice).toString();
    } catch (CharacterCodingException e) {
      throw malformed("string that is not UTF-8");
    }
  }

  void skip() throws MalformedModelException {
    switch (wireType) {
      case VARINT -> rawVarint();
      case FIXED64 -> advance(8);
      case LENGTH -> message();
      case FIXED32 -> advance(4);
      default -> throw malformed("wire type " + wireType + " (expected: 0, 1, 2 or 5)");
    }
  }

  MalformedModelException malformed(String what) {
    return new MalformedModelException(region.name() + " at byte " + position + ": " + what);
  }

  private void expect(int type) throws MalformedModelException {
    if (wireType != type) {
      throw malformed("wire type " + wireType + " (expected: " + type + ")");
    }
  }

  private void advance(int bytes) throws MalformedModelException {
    if (bytes > end - position) {
      throw malformed("the message ends early");
    }
    position += bytes;
  }

  private long rawVarint() throws MalformedModelException {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (position == end) {
        throw malformed("the message ends within a number");
      }
      byte next = region.get(position++);
      value |= (long) (next & 0x7f) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw malformed("a number longer than ten bytes");
  }
}
