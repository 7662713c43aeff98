package dev.headrace.worker.model.safetensors;

import java.util.List;

/**
 * What a header says of one tensor. The bytes {@code [begin, end)} count from the end of the header
 * and, once the header is read, are known to lie in the file and to be what type and shape need.
 */
record StoredEntry(String type, List<Long> shape, long begin, long end) {
  StoredEntry {
    shape = List.copyOf(shape);
  }

  long[] sizes() {
    return shape.stream().mapToLong(Long::longValue).toArray();
  }

  /** The bytes that the elements take at so many bits each, or -1 when no file can hold them. */
  long expectedBytes(int bits) {
    long total = bits;
    try {
      for (long size : shape) {
        total = Math.multiplyExact(total, size);
      }
    } catch (ArithmeticException e) {
      return -1;
    }
    return total % Byte.SIZE == 0 ? total / Byte.SIZE : -1;
  }
}
