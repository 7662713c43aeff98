package dev.headrace.sdk.internal;

import dev.headrace.protocol.InferenceRequest;

/**
 * A request on its way to Kafka.
 *
 * @param request with its body
 * @param pending who waits for it
 * @param idempotent whether it may have been submitted before
 */
record Submission(InferenceRequest request, Pending pending, boolean idempotent) {
  long bytes() {
    return request.payload().bytes().length;
  }

  Submission with(InferenceRequest other) {
    return new Submission(other, pending, idempotent);
  }
}
