package dev.headrace.sdk.internal;

import dev.headrace.transport.redis.ReplyReader;
import dev.headrace.transport.testing.InMemoryOutcomeStore;
import java.time.Duration;
import java.util.List;

/** Reads the stream of the fake store; does not wait. A stream that was lost begins anew. */
final class FakeReplyReader implements ReplyReader {
  private final InMemoryOutcomeStore store;
  private final String client;
  private int position;

  FakeReplyReader(InMemoryOutcomeStore store, String client) {
    this.store = store;
    this.client = client;
  }

  @Override
  public List<String> read(Duration wait) {
    store.find(List.of()); // fails when Redis is away
    List<String> all = store.replies(client);
    if (all.size() < position) {
      position = 0;
    }
    List<String> fresh = List.copyOf(all.subList(position, all.size()));
    position = all.size();
    return fresh;
  }

  @Override
  public void close() {}
}
