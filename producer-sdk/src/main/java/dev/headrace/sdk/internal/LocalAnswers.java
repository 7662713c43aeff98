package dev.headrace.sdk.internal;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.CacheMode;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Outcomes;
import dev.headrace.protocol.naming.CacheKey;
import dev.headrace.transport.redis.OutcomeStore;
import dev.headrace.transport.redis.OutcomeStore.Delivered;
import dev.headrace.transport.redis.ResultCache;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Ends requests that need no Kafka: those that were submitted before and have their outcome, and
 * those whose result is cached. Each look is one pipelined call for the whole batch. Owned by the
 * sender's thread.
 */
final class LocalAnswers {
  private final OutcomeStore store;
  private final ResultCache cache;
  private final NearCache near;
  private final ModelRevisions revisions;
  private final PendingTable table;
  private final InstantSource clock;
  private final long inlineBytes;

  /**
   * Answers from these.
   *
   * @param inlineBytes bodies above travel by reference, and the results of such are not cached
   */
  LocalAnswers(
      OutcomeStore store,
      ResultCache cache,
      NearCache near,
      ModelRevisions revisions,
      PendingTable table,
      InstantSource clock,
      long inlineBytes) {
    this.store = store;
    this.cache = cache;
    this.near = near;
    this.revisions = revisions;
    this.table = table;
    this.clock = clock;
    this.inlineBytes = inlineBytes;
  }

  /**
   * Ends what can be ended here.
   *
   * @throws dev.headrace.protocol.FailureException STORE_UNAVAILABLE; what was ended until then has
   *     left the table
   */
  void answer(List<Submission> batch) {
    endKnown(batch.stream().filter(Submission::idempotent).toList());
    if (!batch.isEmpty()) {
      revisions.refreshIfDue();
      endCached(batch);
    }
  }

  private void endKnown(List<Submission> idempotent) {
    if (idempotent.isEmpty()) {
      return;
    }
    List<Address> addresses = idempotent.stream().map(s -> s.request().address()).toList();
    for (Optional<Delivered> found : store.find(addresses)) {
      found.ifPresent(known -> table.ended(known.stored()));
    }
    idempotent.forEach(s -> s.pending().mayHaveEnded(false));
  }

  private void endCached(List<Submission> batch) {
    List<InferenceRequest> asked = new ArrayList<>();
    List<String> keys = new ArrayList<>();
    List<Outcome> hits = new ArrayList<>();
    for (Submission submission : batch) {
      Pending.CacheSlot slot = near.worthAsking() ? cacheSlot(submission.request()) : null;
      if (slot != null && table.contains(submission.pending())) {
        String key = slot.key();
        if (!submission.idempotent()) {
          // Who has the same key may have asked something else, and be told of here.
          submission.pending().cacheSlot(slot);
        }
        Outcome kept = near.find(key);
        if (kept != null) {
          hits.add(hit(kept, submission.request()));
        } else {
          asked.add(submission.request());
          keys.add(key);
        }
      }
    }
    if (!keys.isEmpty()) {
      lookUp(keys, asked, hits);
    }
    if (!hits.isEmpty()) {
      // Stored so that result(id) knows it; what stands may also be a cancellation.
      store.deliver(hits).forEach(delivered -> table.ended(delivered.stored()));
    }
  }

  private void lookUp(List<String> keys, List<InferenceRequest> asked, List<Outcome> hits) {
    List<Optional<Outcome>> cached = cache.lookup(keys);
    int found = 0;
    for (int i = 0; i < keys.size(); i++) {
      Optional<Outcome> result = cached.get(i);
      if (result.isPresent()) {
        found++;
        hits.add(hit(result.get(), asked.get(i)));
      }
    }
    near.asked(found, keys.size() - found);
  }

  private Pending.@Nullable CacheSlot cacheSlot(InferenceRequest request) {
    String revision = revisions.of(request.model());
    byte[] body = request.payload().bytes();
    // A reply topic gets its outcome from the router, which also looks into the cache.
    boolean local =
        request.cacheMode() == CacheMode.USE
            && request.address().replyTo() == null
            && request.terms().minPrecision() == null
            && body.length <= inlineBytes;
    return revision == null || !local
        ? null
        : new Pending.CacheSlot(
            CacheKey.of(request.model(), revision, request.task(), body), revision);
  }

  private Outcome hit(Outcome cached, InferenceRequest request) {
    Outcome answer = cached.answering(Outcomes.waiting(request), clock.instant(), "hit");
    Address own = request.address();
    // Not streamed: the one who waits for it is here.
    return new Outcome(
        new Address(own.client(), own.id(), false, null),
        answer.status(),
        answer.failure(),
        answer.time(),
        answer.source(),
        answer.details(),
        answer.body(),
        answer.trace());
  }
}
