package dev.headrace.transport.redis;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.Outcome;
import dev.headrace.transport.redis.OutcomeStore.Delivered;
import dev.headrace.transport.redis.ResultCache.Settlement;
import java.util.ArrayList;
import java.util.List;

/**
 * Both in one round trip. Over one connection Redis goes through the calls in their order, so that
 * a result is there before what points to it; in a cluster it may come a moment later, and who
 * looks in that moment finds nothing cached.
 */
final class RedisDeliveryStore implements DeliveryStore {
  private final RedisLink link;
  private final RedisOutcomeStore outcomes;
  private final RedisResultCache cache;

  RedisDeliveryStore(RedisLink link, RedisOutcomeStore outcomes, RedisResultCache cache) {
    this.link = link;
    this.outcomes = outcomes;
    this.cache = cache;
  }

  @Override
  public Done deliver(List<Outcome> delivered, List<Settlement> settlements) {
    Exchange<List<Delivered>> first = outcomes.delivery(delivered);
    Exchange<List<List<Outcome>>> then = cache.settlement(settlements);
    List<Call> calls = new ArrayList<>(first.calls().size() + then.calls().size());
    calls.addAll(first.calls());
    calls.addAll(then.calls());
    List<Reply> replies = link.run(calls);
    int border = first.calls().size();
    return new Done(
        first.read().apply(replies.subList(0, border)),
        then.read().apply(replies.subList(border, replies.size())));
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
