package dev.headrace.transport.kafka;

import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Set;

/**
 * Which offsets of one partition are done. Completion comes in any order; the offset to commit is
 * the lowest that is not done. Gaps in the offsets (compaction, transaction markers) are no
 * obstacle. Not thread-safe.
 */
final class OffsetTracker {
  /** Received and not yet passed by the commit position, ascending. */
  private final ArrayDeque<Long> open = new ArrayDeque<>();

  private final Set<Long> done = new HashSet<>();
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
    open.addLast(offset);
    next = offset + 1;
  }

  /** Notes that an offset is done; one that is not open is ignored. */
  void done(long offset) {
    if (open.isEmpty() || offset < open.peekFirst() || offset >= next) {
      return;
    }
    done.add(offset);
    while (!open.isEmpty() && done.remove(open.peekFirst())) {
      open.removeFirst();
    }
  }

  /** The offset to commit, or -1 when nothing was received. */
  long position() {
    return open.isEmpty() ? next : open.peekFirst();
  }

  /** Received records that are not committed by the position. */
  int inFlight() {
    return open.size() - done.size();
  }
}
