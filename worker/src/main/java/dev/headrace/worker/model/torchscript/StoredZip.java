package dev.headrace.worker.model.torchscript;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;

/**
 * A zip with stored entries whose data starts at multiples of 64 bytes, as PyTorch writes it so
 * that tensors can be mapped ({@code caffe2/serialize/inline_container.cc}). The JDK's
 * ZipOutputStream can neither align nor store an entry whose checksum is not known beforehand.
 * Entries and archives may pass 4 GiB (zip64, APPNOTE 6.3.10, 4.5.3).
 */
final class StoredZip implements Closeable {
  private static final int ALIGNMENT = 64;
  private static final int LOCAL_HEADER = 30;
  private static final int ZIP64_EXTRA = 20;
  private static final int PADDING_HEADER = 4;
  private static final long MAX_32 = 0xffff_ffffL;

  /** Writes one entry's content. */
  interface Content {
    void writeTo(WritableByteChannel out) throws IOException;
  }

  private record Entry(String name, long crc, long size, long header) {
    byte[] nameBytes() {
      return name.getBytes(StandardCharsets.UTF_8);
    }
  }

  private final FileChannel file;
  private final List<Entry> entries = new ArrayList<>();

  /** Writes from the channel's start; closing the zip does not close the channel. */
  StoredZip(FileChannel file) {
    this.file = file;
  }

  void add(String name, byte[] content) throws IOException {
    add(name, content.length, out -> out.write(ByteBuffer.wrap(content)));
  }

  /** Adds an entry of exactly {@code size} bytes. */
  void add(String name, long size, Content content) throws IOException {
    byte[] nameBytes = name.getBytes(StandardCharsets.UTF_8);
    long start = file.position();
    file.write(localHeader(nameBytes, 0, size, start));
    Checked out = new Checked(file);
    content.writeTo(out);
    if (out.written != size) {
      throw new IOException(name + ": " + out.written + " bytes written (expected: " + size + ")");
    }
    long end = file.position();
    // The checksum is known only now; it stands before the data.
    ByteBuffer crc = little(4).putInt((int) out.crc.getValue()).flip();
    file.write(crc, start + 14);
    file.position(end);
    entries.add(new Entry(name, out.crc.getValue(), size, start));
  }

  private static ByteBuffer localHeader(byte[] name, long crc, long size, long start) {
    boolean large = size >= MAX_32;
    long fixed = start + LOCAL_HEADER + name.length + (large ? ZIP64_EXTRA : 0) + PADDING_HEADER;
    int padding = (int) ((ALIGNMENT - fixed % ALIGNMENT) % ALIGNMENT);
    int extra = (large ? ZIP64_EXTRA : 0) + PADDING_HEADER + padding;
    ByteBuffer header = little(LOCAL_HEADER + name.length + extra);
    header.putInt(0x04034b50).putShort((short) (large ? 45 : 20)).putShort((short) 0x800);
    header.putShort((short) 0).putInt(0); // stored; no time, so that archives are reproducible
    header.putInt((int) crc).putInt(clamp(size)).putInt(clamp(size));
    header.putShort((short) name.length).putShort((short) extra).put(name);
    if (large) {
      header.putShort((short) 1).putShort((short) 16).putLong(size).putLong(size);
    }
    header.put((byte) 'F').put((byte) 'B').putShort((short) padding);
    while (header.hasRemaining()) {
      header.put((byte) 'Z');
    }
    return header.flip();
  }

  private static ByteBuffer directoryEntry(Entry entry) {
    boolean large = entry.size >= MAX_32 || entry.header >= MAX_32;
    byte[] name = entry.nameBytes();
    ByteBuffer out = little(46 + name.length + (large ? 28 : 0));
    out.putInt(0x02014b50).putShort((short) 45).putShort((short) (large ? 45 : 20));
    out.putShort((short) 0x800).putShort((short) 0).putInt(0);
    out.putInt((int) entry.crc);
    int size = large ? -1 : (int) entry.size;
    out.putInt(size).putInt(size).putShort((short) name.length);
    out.putShort((short) (large ? 28 : 0)).putShort((short) 0).putShort((short) 0);
    out.putShort((short) 0).putInt(0).putInt(large ? -1 : (int) entry.header).put(name);
    if (large) {
      out.putShort((short) 1).putShort((short) 24);
      out.putLong(entry.size).putLong(entry.size).putLong(entry.header);
    }
    return out.flip();
  }

  /** Writes the central directory. */
  @Override
  public void close() throws IOException {
    long start = file.position();
    for (Entry entry : entries) {
      file.write(directoryEntry(entry));
    }
    long end = file.position();
    ByteBuffer out = little(56 + 20 + 22);
    if (start >= MAX_32 || entries.size() >= 0xffff) {
      out.putInt(0x06064b50).putLong(44).putShort((short) 45).putShort((short) 45);
      out.putInt(0).putInt(0).putLong(entries.size()).putLong(entries.size());
      out.putLong(end - start).putLong(start);
      out.putInt(0x07064b50).putInt(0).putLong(end).putInt(1);
    }
    short count = (short) Math.min(entries.size(), 0xffff);
    out.putInt(0x06054b50).putShort((short) 0).putShort((short) 0).putShort(count).putShort(count);
    out.putInt((int) (end - start)).putInt(clamp(start)).putShort((short) 0);
    file.write(out.flip());
    file.truncate(file.position());
  }

  private static int clamp(long value) {
    return value >= MAX_32 ? -1 : (int) value;
  }

  private static ByteBuffer little(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Counts and sums what passes through. */
  private static final class Checked implements WritableByteChannel {
    private final FileChannel file;
    private final CRC32 crc = new CRC32();
    private long written;

    Checked(FileChannel file) {
      this.file = file;
    }

    @Override
    public int write(ByteBuffer bytes) throws IOException {
      crc.update(bytes.duplicate());
      int length = bytes.remaining();
      while (bytes.hasRemaining()) {
        file.write(bytes);
      }
      written += length;
      return length;
    }

    @Override
    public boolean isOpen() {
      return file.isOpen();
    }

    @Override
    public void close() {}
  }
}
