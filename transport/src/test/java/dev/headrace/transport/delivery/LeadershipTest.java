package dev.headrace.transport.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.Detail;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.Outcome;
import dev.headrace.transport.redis.OutcomeStore;
import dev.headrace.transport.redis.ResultCache;
import dev.headrace.transport.redis.ResultCache.Place;
import dev.headrace.transport.redis.ResultCache.Question;
import dev.headrace.transport.redis.ResultCache.Settlement;
import dev.headrace.transport.testing.FakeProducer;
import dev.headrace.transport.testing.ForwardingOutcomeStore;
import dev.headrace.transport.testing.InMemoryOutcomeStore;
import dev.headrace.transport.testing.InMemoryResultCache;
import dev.headrace.transport.testing.Outage;
import dev.headrace.transport.testing.Samples;
import dev.headrace.transport.testing.TwoStores;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Leaderships end with the outcomes of those who led, and their followers are answered. */
class LeadershipTest {
  private static final String KEY = "content";
  private static final Outcome RESULT = Samples.outcome("c", "leader", "result");

  private final AtomicLong nanos = new AtomicLong();
  private final Outage outage = new Outage();
  private final InMemoryOutcomeStore store = new InMemoryOutcomeStore(outage);
  private final InMemoryResultCache cache = new InMemoryResultCache(nanos::get, outage);
  private final FakeProducer producer = new FakeProducer();
  private final AtomicInteger coalesced = new AtomicInteger();
  private final AtomicInteger done = new AtomicInteger();

  private Delivery delivery(OutcomeStore to) {
    Delivery delivery =
        new Delivery(
            new TwoStores(to, cache),
            producer,
            new DeliveryConfig(true, 1024, Duration.ZERO, Duration.ofMillis(200)),
            nanos::get,
            () -> Samples.NOW);
    delivery.whenCoalesced(coalesced::incrementAndGet);
    return delivery;
  }

  private void run(Delivery delivery) {
    for (int i = 0; i < 10; i++) {
      delivery.runOnce();
      nanos.addAndGet(Duration.ofSeconds(1).toNanos());
    }
  }

  private Place ask(String id) {
    Question question =
        new Question(KEY, Samples.outcome("c", id, ""), Duration.ofMinutes(5), true);
    return cache.resolve(List.of(question)).get(0);
  }

  private void leaderAndFollower() {
    assertThat(ask("leader")).isEqualTo(new Place.Lead());
    assertThat(ask("follower")).isEqualTo(new Place.Follow("c/leader"));
  }

  private static Settlement with(Outcome result) {
    return new Settlement(KEY, ResultCache.tokenOf(RESULT), result);
  }

  @Test
  void who_followed_is_answered_before_kafka_has_the_result() {
    leaderAndFollower();
    producer.hold();
    Delivery delivery = delivery(store);
    delivery.outcome(RESULT, with(RESULT), done::incrementAndGet);
    delivery.runOnce();
    delivery.runOnce();
    assertThat(store.outcome("c", "follower").detail(Detail.CACHE)).isEqualTo("coalesced");
    assertThat(store.outcome("c", "follower").body()).isEqualTo(RESULT.body());
    assertThat(coalesced).hasValue(1);
    assertThat(done).hasValue(0);
    assertThat(ask("next")).isEqualTo(new Place.Hit(RESULT));

    producer.release();
    run(delivery);
    assertThat(done).hasValue(1);
    assertThat(delivery.idle()).isTrue();
  }

  @Test
  void a_leadership_that_ends_while_redis_is_away_ends_when_it_is_back() {
    leaderAndFollower();
    Delivery delivery = delivery(store);
    outage.loseAnswers();
    delivery.outcome(RESULT, with(RESULT), done::incrementAndGet);
    delivery.runOnce();
    assertThat(delivery.storeDown()).isTrue();
    assertThat(done).hasValue(0);

    outage.end();
    run(delivery);
    assertThat(store.outcome("c", "follower").detail(Detail.CACHE)).isEqualTo("coalesced");
    assertThat(coalesced).hasValue(1);
    assertThat(done).hasValue(1);
  }

  @Test
  void a_failure_makes_the_next_one_lead() {
    leaderAndFollower();
    Outcome failed = Samples.outcome("c", "leader", "no result");
    Delivery delivery = delivery(store);
    delivery.outcome(failed, with(null), done::incrementAndGet);
    run(delivery);
    assertThat(coalesced).hasValue(0);
    assertThat(done).hasValue(1);
    assertThat(ask("follower")).isEqualTo(new Place.Lead());
  }

  @Test
  void an_outcome_that_redis_refuses_is_no_cached_result() {
    leaderAndFollower();
    OutcomeStore refusing =
        new ForwardingOutcomeStore(store) {
          @Override
          public List<Delivered> deliver(List<Outcome> outcomes) {
            if (outcomes.contains(RESULT)) {
              throw new FailureException(ErrorCode.INTERNAL_ERROR, "wrong type");
            }
            return super.deliver(outcomes);
          }
        };
    Delivery delivery = delivery(refusing);
    delivery.outcome(RESULT, with(RESULT), done::incrementAndGet);
    run(delivery);
    assertThat(done).hasValue(1);
    assertThat(coalesced).hasValue(0);
    assertThat(ask("follower")).isEqualTo(new Place.Lead());
  }

  @Test
  void a_leadership_may_end_alone() {
    leaderAndFollower();
    Delivery delivery = delivery(store);
    outage.begin();
    delivery.settle(with(null));
    delivery.runOnce();
    assertThat(delivery.idle()).as("nobody waits for a store that is away").isTrue();
    outage.end();
    nanos.addAndGet(Duration.ofSeconds(1).toNanos());
    assertThat(ask("follower")).isEqualTo(new Place.Follow("c/leader"));
    run(delivery);
    assertThat(ask("follower")).isEqualTo(new Place.Lead());
  }
}
