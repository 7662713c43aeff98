package dev.headrace.transport.redis;

import dev.headrace.protocol.Outcome;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Results by content, and the identical requests in flight. All methods throw FailureException
 * STORE_UNAVAILABLE when Redis does not answer; calling again is safe.
 */
public interface ResultCache {

  /**
   * A request that asks for its place.
   *
   * @param cacheKey its content
   * @param waiting its outcome but for the body (see Outcomes.waiting)
   * @param lease how long it leads when it leads
   * @param mayFollow whether it may wait for another; else it is a hit or leads
   */
  record Question(String cacheKey, Outcome waiting, Duration lease, boolean mayFollow) {
    /** What names the leader: unique over all clients. */
    public String token() {
      return tokenOf(waiting);
    }
  }

  /** The name of a request as a leader. */
  static String tokenOf(Outcome outcome) {
    return outcome.address().client() + "/" + outcome.address().id();
  }

  /** The place of a request among identical ones. */
  sealed interface Place {
    /** The result is known. */
    record Hit(Outcome cached) implements Place {}

    /** It runs, for itself and for those who follow. */
    record Lead() implements Place {}

    /** It is answered when the leader is, or must ask again after the lease. */
    record Follow(String leader) implements Place {}
  }

  /** Atomically for each: hit, lead or follow; in the same order. */
  List<Place> resolve(List<Question> questions);

  /** The cached outcomes, in the same order. */
  List<Optional<Outcome>> lookup(List<String> cacheKeys);

  /**
   * Ends a leadership.
   *
   * @param cacheKey the content
   * @param leader token of the leader that ends
   * @param result its outcome, which was delivered; it is found from now on, as long as the store
   *     of outcomes keeps it, and given to the followers; null when the leader failed, then the
   *     followers keep waiting for their own turn
   * @return what the followers wait for, to be answered by the caller
   */
  List<Outcome> settle(String cacheKey, String leader, @Nullable Outcome result);

  /** A leadership that ends; see {@link #settle(String, String, Outcome)}. */
  record Settlement(String cacheKey, String leader, @Nullable Outcome result) {
    /** The same without a result. */
    public Settlement failed() {
      return new Settlement(cacheKey, leader, null);
    }
  }

  /**
   * Ends several leaderships, in one round trip where the store can.
   *
   * @return what the followers of each wait for, in the same order
   */
  default List<List<Outcome>> settleAll(List<Settlement> settlements) {
    return settlements.stream().map(s -> settle(s.cacheKey(), s.leader(), s.result())).toList();
  }
}
