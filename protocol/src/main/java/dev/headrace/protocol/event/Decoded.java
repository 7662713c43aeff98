package dev.headrace.protocol.event;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.InferenceRequest;
import org.jspecify.annotations.Nullable;

/** What became of a record that should hold a request. */
public sealed interface Decoded {
  /** It does. */
  record Valid(InferenceRequest request) implements Decoded {}

  /**
   * It does not.
   *
   * @param failure what is wrong
   * @param address whose it is, or null when even that cannot be read
   */
  record Malformed(Failure failure, @Nullable Address address) implements Decoded {}
}
