package dev.headrace.worker.prepare;

import dev.headrace.protocol.InferenceRequest;
import java.util.Optional;

/** Where bodies are that travel by reference. */
public interface BodyStore {
  /**
   * The body under this key, empty when it is gone.
   *
   * @throws dev.headrace.protocol.FailureException STORE_UNAVAILABLE
   */
  Optional<byte[]> fetch(String key);

  /** The bytes of a request's body wherever it is, empty when it is gone. */
  default Optional<byte[]> of(InferenceRequest request) {
    String reference = request.payload().reference();
    return reference == null ? Optional.of(request.payload().bytes()) : fetch(reference);
  }
}
