package dev.headrace.transport.redis;

import java.util.List;

/**
 * Text as it is generated, for those who read along: a stream per request, bounded in length and
 * time. Nothing depends on it; the outcome has all of the text. Methods throw FailureException
 * STORE_UNAVAILABLE when Redis does not answer.
 */
public interface ChunkStore {

  /**
   * A piece of a request's text.
   *
   * @param client whose request it is
   * @param id of the request
   * @param epoch names one run of the request; a second run, after a crash, has another and begins
   *     at offset 0 again
   * @param offset UTF-16 units of this choice's text before this piece, in this run
   * @param chunk as JSON in OpenAI's shape; never modified
   */
  @SuppressWarnings("ArrayRecordComponent") // handed on once, never compared
  record Piece(String client, String id, String epoch, int offset, byte[] chunk) {}

  /** Appends pieces, in one round trip. */
  void append(List<Piece> pieces);
}
