package dev.headrace.policy;

import dev.headrace.protocol.InferenceRequest;
import java.time.Instant;

/** Decides where a request goes. Implementations are pure: equal arguments, equal decisions. */
public interface RoutingPolicy {
  /** The decision about this request at this time. */
  Decision choose(InferenceRequest request, Snapshot snapshot, Instant now);
}
