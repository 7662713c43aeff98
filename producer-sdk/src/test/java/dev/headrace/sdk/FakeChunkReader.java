package dev.headrace.sdk;

import dev.headrace.transport.redis.ChunkReader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Streamed text as a test gives it. */
public final class FakeChunkReader implements ChunkReader {
  private final LinkedBlockingQueue<Piece> pieces = new LinkedBlockingQueue<>();

  /** Lets the client read this. */
  public void give(Piece piece) {
    pieces.add(piece);
  }

  @Override
  public List<Piece> read(Map<String, String> positions, Duration wait) {
    List<Piece> read = new ArrayList<>();
    try {
      Piece first = pieces.poll(wait.toNanos(), TimeUnit.NANOSECONDS);
      if (first != null) {
        read.add(first);
        pieces.drainTo(read);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return read;
  }

  @Override
  public void close() {}
}
