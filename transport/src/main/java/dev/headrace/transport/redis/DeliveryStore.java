package dev.headrace.transport.redis;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.Outcome;
import dev.headrace.transport.redis.OutcomeStore.Delivered;
import dev.headrace.transport.redis.ResultCache.Settlement;
import java.util.List;

/**
 * What delivery needs of the stores: outcomes and, with them, the ends of leaderships. All methods
 * throw FailureException STORE_UNAVAILABLE when Redis does not answer; calling again is safe.
 */
public interface DeliveryStore {

  /**
   * What became of outcomes and leaderships, each in the order in which they were given.
   *
   * @param released what the followers of each wait for
   */
  record Done(List<Delivered> delivered, List<List<Outcome>> released) {}

  /**
   * Delivers outcomes as {@link OutcomeStore#deliver}, and behind them ends leaderships as {@link
   * ResultCache#settleAll}.
   */
  Done deliver(List<Outcome> outcomes, List<Settlement> settlements);

  /** See {@link OutcomeStore#announce}. */
  void announce(List<Address> addresses);

  /** See {@link OutcomeStore#markPublished}. */
  void markPublished(List<Address> addresses);
}
