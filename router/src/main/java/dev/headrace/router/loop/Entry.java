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
  private Source.Load load;
  private @Nullable Long keptSinceNanos;
  private @Nullable Long heldSinceNanos;
  private boolean resolved;
  private @Nullable String leads;

  Entry(Received received, Source source, InferenceRequest request) {
    this.received = received;
    this.source = source;
    this.load = source.load();
    this.request = request;
  }

  Received received() {
    return received;
  }

  Source source() {
    return source;
  }

  /** What it is counted in. */
  Source.Load load() {
    return load;
  }

  /** Since when it waits here as a retry that found room, or null. */
  @Nullable Long keptSinceNanos() {
    return keptSinceNanos;
  }

  /** It waits here: from now on it is counted in this. */
  void keep(Source.Load room, long nowNanos) {
    load.add(received, -1);
    room.add(received, 1);
    load = room;
    keptSinceNanos = nowNanos;
  }

  InferenceRequest request() {
    return request;
  }

  Address address() {
    return request.address();
  }

  /** When it was first held for want of a worker, or null. */
  @Nullable Long heldSinceNanos() {
    return heldSinceNanos;
  }

  void held(long nowNanos) {
    if (heldSinceNanos == null) {
      heldSinceNanos = nowNanos;
    }
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
