package dev.headrace.transport.kafka;

import java.util.TreeSet;

/**
 * Which offsets of one partition are done. Completion comes in any order; the offset to commit is
 * the lowest that is not done. Gaps in the offsets (compaction, transaction markers) are no
 * obstacle. Not thread-safe.
 */
final class OffsetTracker {
  /** Received and not done. */
  private final TreeSet<Long> open = new TreeSet<>();

  private long next = -1;

  /** Whether an offset may come next. */
  boolean accepts(long offset) {
    return offset >= next;
  }

  /** Notes a received offset; they come in ascending order. */
  void received(long offset) {
    if (!accepts(offset)) {
      throw new IllegalArgumentException("offset: " + offset + " (expected: >= " + next + ")");
    }
    open.add(offset);
    next = offset + 1;
  }

  /** Notes that below this offset nothing more will be received. */
  void passed(long offset) {
    next = Math.max(next, offset);
  }

  /** Notes that an offset is done; one that is not open is ignored. */
  void done(long offset) {
    open.remove(offset);
  }

  /** The offset to commit, or -1 when nothing was received or passed. */
  long position() {
    return open.isEmpty() ? next : open.first();
  }

  /** Offsets behind {@link #position} that are done, and need nobody any more. */
  long doneAhead() {
    return open.isEmpty() ? 0 : next - open.first() - open.size();
  }

  /** Received records that are not done. */
  int inFlight() {
    return open.size();
  }
}
