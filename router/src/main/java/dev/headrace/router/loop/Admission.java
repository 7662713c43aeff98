package dev.headrace.router.loop;

import dev.headrace.policy.ServedModel;
import dev.headrace.protocol.CacheMode;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.Outcomes;
import dev.headrace.protocol.event.Decoded;
import dev.headrace.protocol.event.RequestCodec;
import dev.headrace.protocol.naming.CacheKey;
import dev.headrace.protocol.tenant.OverQuota;
import dev.headrace.protocol.tenant.TenantTerms;
import dev.headrace.router.buffer.TierBuffer;
import dev.headrace.router.metrics.RouterMetrics;
import dev.headrace.router.state.RouterState;
import dev.headrace.router.tenant.Tenants;
import dev.headrace.transport.kafka.Received;
import dev.headrace.transport.redis.OutcomeStore;
import dev.headrace.transport.redis.OutcomeStore.Delivered;
import dev.headrace.transport.redis.ResultCache;
import dev.headrace.transport.redis.ResultCache.Place;
import dev.headrace.transport.redis.ResultCache.Question;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets requests into the buffer: those that can be read, have time left, have no outcome yet (what
 * was just submitted is not asked for one, and a worker asks when it has become older), and are
 * neither answered by the cache nor by an identical request in flight. Redis is asked for many
 * requests at once, first for outcomes, then for places; while it is away requests wait for a
 * bounded time and then go on without it, since the worker looks again.
 */
final class Admission {
  private static final Logger LOG = LoggerFactory.getLogger(Admission.class);

  /** Requests in one pipelined call (chosen: a few milliseconds of work for Redis). */
  private static final int BATCH = 512;

  private static final Duration SHORTEST_LEASE = Duration.ofMillis(1);

  private final OutcomeStore outcomes;
  private final ResultCache cache;
  private final RouterState state;
  private final TierBuffer<Entry> buffer;
  private final Tenants tenants;
  private final Holding holding;
  private final RetryRooms rooms;
  private final Exits exits;
  private final Intake intake;
  private final RouterMetrics metrics;
  private final Duration lease;
  private final StoreGate gate;
  private final LongSupplier nanos;

  private final ArrayDeque<Entry> toFind = new ArrayDeque<>();
  private final ArrayDeque<Entry> toResolve = new ArrayDeque<>();

  Admission(
      Parts parts,
      Intake intake,
      Exits exits,
      Holding holding,
      TierBuffer<Entry> buffer,
      Tenants tenants) {
    this.outcomes = parts.outcomes();
    this.cache = parts.cache();
    this.state = parts.state();
    this.metrics = parts.metrics();
    this.lease = parts.config().lease();
    this.gate = new StoreGate(parts.config().storeWait());
    this.nanos = parts.nanos();
    this.intake = intake;
    this.exits = exits;
    this.holding = holding;
    this.rooms = new RetryRooms(parts, exits, holding, buffer);
    this.buffer = buffer;
    this.tenants = tenants;
  }

  /** Reads a record; what is no request, or too late, leaves at once. */
  void take(Received received) {
    Source source = intake.source(received);
    Instant timestamp = Instant.ofEpochMilli(received.timestampMs());
    Decoded decoded = RequestCodec.decode(received.record(), source.tier(), timestamp);
    if (decoded instanceof Decoded.Malformed malformed) {
      exits.malformed(received, source, malformed);
    } else if (decoded instanceof Decoded.Valid valid) {
      Entry entry = new Entry(received, source, valid.request());
      Instant now = exits.now();
      if (entry.request().expiredAt(now)) {
        exits.expire(entry);
      } else if (entry.request().isFresh(now)) {
        admit(entry);
      } else {
        toFind.add(entry);
      }
    }
  }

  /** Moves on what can move. */
  void step() {
    rooms.step();
    long now = nanos.getAsLong();
    forward(toFind, now, this::find, this::admit);
    forward(toResolve, now, this::resolve, e -> enter(e, null));
  }

  /**
   * Brings the requests of a queue through one question to Redis.
   *
   * @param question asks for all of them and moves each on, or throws and moves none
   * @param without moves one on when Redis is not to be had
   */
  private void forward(
      ArrayDeque<Entry> queue, long now, Consumer<List<Entry>> question, Consumer<Entry> without) {
    while (!queue.isEmpty()) {
      List<Entry> batch = queue.stream().limit(BATCH).toList();
      switch (gate.mode(now)) {
        case TRY -> {
          if (!ask(batch, question)) {
            continue; // the gate says now whether to wait or to do without
          }
        }
        case SKIP -> batch.forEach(without);
        case WAIT -> {
          return;
        }
      }
      batch.forEach(e -> queue.removeFirst());
    }
  }

  private boolean ask(List<Entry> batch, Consumer<List<Entry>> question) {
    long begin = nanos.getAsLong();
    try {
      question.accept(batch);
      gate.answered();
      return true;
    } catch (FailureException e) {
      long end = nanos.getAsLong();
      if (gate.failed(end, end - begin)) {
        LOG.warn("store does not answer, requests wait for it cause={}", e.getMessage());
      }
      return false;
    }
  }

  private void find(List<Entry> batch) {
    List<Optional<Delivered>> found = outcomes.find(batch.stream().map(Entry::address).toList());
    for (int i = 0; i < batch.size(); i++) {
      Entry entry = batch.get(i);
      found.get(i).ifPresentOrElse(standing -> exits.standing(entry, standing), () -> admit(entry));
    }
  }

  /**
   * Admits a request that has no outcome; also one that was held and now has somebody to run it.
   */
  void admit(Entry entry) {
    InferenceRequest request = entry.request();
    ServedModel model = state.model(request.model());
    if (model == null) {
      hold(entry);
    } else if (entry.resolved()) {
      enter(entry);
    } else if (!cacheable(request)) {
      enter(entry, null);
    } else {
      toResolve.add(entry);
    }
  }

  private void hold(Entry entry) {
    if (rooms.keep(entry)) {
      holding.add(entry);
    }
  }

  /** A result of less precision than is demanded must not answer, hence no cache then. */
  private static boolean cacheable(InferenceRequest request) {
    return request.cacheMode() == CacheMode.USE
        && request.payload().reference() == null
        && request.terms().minPrecision() == null;
  }

  private void enter(Entry entry, @Nullable String leads) {
    entry.resolve(leads);
    enter(entry);
  }

  /** Into the buffer, if quota and room allow; what the cache answers uses neither. */
  private void enter(Entry entry) {
    InferenceRequest request = entry.request();
    TenantTerms terms = tenants.terms(request.tenant());
    boolean reject = terms.over() == OverQuota.REJECT;
    if (buffer.size(request.tenant()) >= terms.waitingRequests()) {
      Duration delay = RetryRoom.longestDelay(Duration.between(exits.now(), request.expiry()));
      if (reject || delay == null) {
        exits.refuse(entry, tenants, terms.waitingRequests() + " waiting requests");
      } else {
        metrics.overQuota(tenants.label(request.tenant()), "delay");
        exits.goRound(entry, delay);
      }
    } else if (reject && !tenants.mayRun(request.tenant())) {
      exits.refuse(entry, tenants);
    } else if (rooms.keep(entry)) {
      exits.wait(entry);
    }
  }

  private void resolve(List<Entry> batch) {
    Instant now = exits.now();
    List<Question> questions = batch.stream().map(e -> question(e.request(), now)).toList();
    List<Place> places = cache.resolve(questions);
    for (int i = 0; i < batch.size(); i++) {
      settle(batch.get(i), questions.get(i), places.get(i), now);
    }
  }

  private Question question(InferenceRequest request, Instant now) {
    ServedModel model = state.model(request.model());
    String revision = model == null ? "" : model.revision();
    Duration left = Duration.between(now, request.deadline());
    return new Question(
        CacheKey.of(request.model(), revision, request.task(), request.payload().bytes()),
        Outcomes.waiting(request),
        min(lease, left),
        RetryRoom.longestDelay(left) != null);
  }

  private void settle(Entry entry, Question question, Place place, Instant now) {
    if (place instanceof Place.Hit hit) {
      metrics.resolved("hit");
      exits.answer(entry, hit.cached());
      return;
    }
    Duration delay = RetryRoom.longestDelay(Duration.between(now, entry.request().deadline()));
    if (place instanceof Place.Follow && delay != null) {
      metrics.resolved("follow");
      exits.park(entry, delay);
    } else {
      metrics.resolved("lead");
      enter(entry, question.cacheKey());
    }
  }

  /** A lease of no time would be none. */
  private static Duration min(Duration lease, Duration left) {
    Duration shorter = left.compareTo(lease) < 0 ? left : lease;
    return shorter.compareTo(SHORTEST_LEASE) < 0 ? SHORTEST_LEASE : shorter;
  }

  /** Forgets what matches. */
  void dropIf(Predicate<Entry> gone) {
    drop(toFind, gone);
    drop(toResolve, gone);
  }

  private void drop(ArrayDeque<Entry> queue, Predicate<Entry> gone) {
    queue.removeIf(
        e -> {
          boolean drop = gone.test(e);
          if (drop) {
            exits.forget(e);
          }
          return drop;
        });
  }

  /** Requests that wait for Redis. */
  int waiting() {
    return toFind.size() + toResolve.size();
  }
}
