package dev.headrace.transport.testing;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.Outcome;
import dev.headrace.transport.redis.DeliveryStore;
import dev.headrace.transport.redis.OutcomeStore;
import dev.headrace.transport.redis.ResultCache;
import dev.headrace.transport.redis.ResultCache.Settlement;
import java.util.List;

/** A delivery store of two others: one's calls behind the other's. */
public record TwoStores(OutcomeStore outcomes, ResultCache cache) implements DeliveryStore {
  @Override
  public Done deliver(List<Outcome> delivered, List<Settlement> settlements) {
    return new Done(outcomes.deliver(delivered), cache.settleAll(settlements));
  }

  @Override
  public void announce(List<Address> addresses) {
    outcomes.announce(addresses);
  }

  @Override
  public void markPublished(List<Address> addresses) {
    outcomes.markPublished(addresses);
  }
}
