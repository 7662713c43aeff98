package dev.headrace.transport.redis;

import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * Reads the text of requests of one client as it is generated. One connection and one thread of its
 * own. Throws FailureException STORE_UNAVAILABLE; calling again goes on.
 */
public interface ChunkReader extends AutoCloseable {
  /** The position before a stream's first piece. */
  String BEGINNING = "0";

  /**
   * A piece that was read.
   *
   * @param id of the request
   * @param position in its stream, to read on from
   * @param epoch see {@link ChunkStore.Piece}
   * @param offset see there
   * @param chunk see there
   */
  @SuppressWarnings("ArrayRecordComponent") // handed on once, never compared
  record Piece(String id, String position, String epoch, int offset, byte[] chunk) {}

  /**
   * Waits for pieces; empty when the wait is over.
   *
   * @param positions the requests to read, not none, each with the position of its last piece
   */
  List<Piece> read(Map<String, String> positions, Duration wait);

  @Override
  void close();
}
