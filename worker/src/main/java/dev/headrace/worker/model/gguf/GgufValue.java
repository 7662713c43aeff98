package dev.headrace.worker.model.gguf;

/**
 * A value of the metadata.
 *
 * @param kind what it is, or what the elements of a list are
 * @param list whether it is a list
 * @param count elements of the list; 1 for a value alone
 * @param offset where it, or the list's first element, begins in the file
 */
record GgufValue(Kind kind, boolean list, long count, long offset) {
  /** In the order of the format's numbers; sizes in bytes, 0 where they differ. */
  enum Kind {
    UINT8(1),
    INT8(1),
    UINT16(2),
    INT16(2),
    UINT32(4),
    INT32(4),
    FLOAT32(4),
    BOOL(1),
    STRING(0),
    ARRAY(0),
    UINT64(8),
    INT64(8),
    FLOAT64(8);

    private final int bytes;

    Kind(int bytes) {
      this.bytes = bytes;
    }

    int bytes() {
      return bytes;
    }
  }
}
