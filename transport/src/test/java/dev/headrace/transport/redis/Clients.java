package dev.headrace.transport.redis;

import java.util.UUID;

/** Names that no other test uses, so that tests may share a server. */
final class Clients {
  private Clients() {}

  static String next() {
    return "client-" + UUID.randomUUID();
  }

  static String cacheKey() {
    return UUID.randomUUID().toString().replace("-", "");
  }
}
