package dev.headrace.transport.testing;

import dev.headrace.transport.redis.ChunkStore;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Streamed text in memory. */
public final class InMemoryChunkStore implements ChunkStore {
  private final Outage outage;
  private final Map<String, List<Piece>> streams = new LinkedHashMap<>();
  private int calls;

  public InMemoryChunkStore(Outage outage) {
    this.outage = outage;
  }

  @Override
  public void append(List<Piece> pieces) {
    outage.run(
        () -> {
          calls++;
          for (Piece piece : pieces) {
            streams
                .computeIfAbsent(piece.client() + "/" + piece.id(), k -> new ArrayList<>())
                .add(piece);
          }
        });
  }

  /** What was written of a request. */
  public List<Piece> pieces(String client, String id) {
    return streams.getOrDefault(client + "/" + id, List.of());
  }

  /** Round trips. */
  public int calls() {
    return calls;
  }
}
