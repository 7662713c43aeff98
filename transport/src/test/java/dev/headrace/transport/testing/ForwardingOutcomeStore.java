package dev.headrace.transport.testing;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.Outcome;
import dev.headrace.transport.redis.OutcomeStore;
import java.util.List;
import java.util.Optional;

/** Passes everything on to another store, but for what a test overrides. */
public class ForwardingOutcomeStore implements OutcomeStore {
  private final OutcomeStore store;

  public ForwardingOutcomeStore(OutcomeStore store) {
    this.store = store;
  }

  @Override
  public List<Delivered> deliver(List<Outcome> outcomes) {
    return store.deliver(outcomes);
  }

  @Override
  public boolean amend(Outcome standing, Outcome more) {
    return store.amend(standing, more);
  }

  @Override
  public void announce(List<Address> addresses) {
    store.announce(addresses);
  }

  @Override
  public void markPublished(List<Address> addresses) {
    store.markPublished(addresses);
  }

  @Override
  public List<Optional<Delivered>> find(List<Address> addresses) {
    return store.find(addresses);
  }

  @Override
  public void putBlob(Address address, byte[] body) {
    store.putBlob(address, body);
  }

  @Override
  public Optional<byte[]> blob(String key) {
    return store.blob(key);
  }
}
