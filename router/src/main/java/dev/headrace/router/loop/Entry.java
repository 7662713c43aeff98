package dev.headrace.router.loop;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.transport.kafka.Received;
import org.jspecify.annotations.Nullable;

/** A request in the router, with the record that it came in. */
final class Entry {
  private final Received received;
  private final Source source;
  private final InferenceRequest request;
  private boolean lookedUp;
  private boolean resolved;
  private @Nullable String leads;

  Entry(Received received, Source source, InferenceRequest request) {
    this.received = received;
    this.source = source;
    this.request = request;
  }

  Received received() {
    return received;
  }

  Source source() {
    return source;
  }

  InferenceRequest request() {
    return request;
  }

  Address address() {
    return request.address();
  }

  /** Whether it is known that it had no outcome when it came. */
  boolean lookedUp() {
    return lookedUp;
  }

  void markLookedUp() {
    lookedUp = true;
  }

  /** Whether its place among identical requests is decided. */
  boolean resolved() {
    return resolved;
  }

  void resolve(@Nullable String leadsKey) {
    resolved = true;
    leads = leadsKey;
  }

  /** The cache key that it leads, or null. */
  @Nullable String leads() {
    return leads;
  }
}
