package dev.headrace.transport.redis;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.Outcome;
import java.util.List;
import java.util.Optional;

/**
 * The outcomes of requests. The first outcome of a request stands; later ones are dropped. All
 * methods throw FailureException STORE_UNAVAILABLE when Redis does not answer; calling again is
 * safe.
 */
public interface OutcomeStore {

  /**
   * What became of a delivery.
   *
   * @param first whether the delivered outcome is now the request's outcome; still so when the very
   *     same is delivered again
   * @param stored the outcome that stands
   * @param published whether Kafka is known to have it
   */
  record Delivered(boolean first, Outcome stored, boolean published) {}

  /**
   * For each: atomically stores the outcome if the request has none, then announces on the client's
   * reply stream, when the address says so, that there is one.
   *
   * @return in the same order
   */
  List<Delivered> deliver(List<Outcome> outcomes);

  /**
   * Replaces an outcome by one of the same status that says more, as the text that a cancelled
   * request had by then; only if it still stands and Kafka has not got it, for whoever reads both
   * must find the same.
   *
   * @return whether the one that says more stands now
   */
  boolean amend(Outcome standing, Outcome more);

  /**
   * Announces outcomes that stand once more, for those of which it is not known whether they are.
   */
  void announce(List<Address> addresses);

  /** Notes that Kafka has the outcomes of these requests. */
  void markPublished(List<Address> addresses);

  /** The outcomes that stand, in the same order; {@code first} is false. */
  List<Optional<Delivered>> find(List<Address> addresses);

  /** Keeps a body that travels by reference. */
  void putBlob(Address address, byte[] body);

  /** The body under this key, of a request or of an outcome; empty when it is gone. */
  Optional<byte[]> blob(String key);
}
