package dev.headrace.transport.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.Outcome;
import dev.headrace.transport.redis.ResultCache.Place;
import dev.headrace.transport.redis.ResultCache.Question;
import dev.headrace.transport.testing.Samples;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What every result cache does; each test uses a key of its own. */
abstract class ResultCacheContract {
  private static final Duration LEASE = Duration.ofSeconds(30);

  private final String key = Clients.cacheKey();

  private final String client = Clients.next();

  abstract ResultCache cache();

  /** Delivers an outcome to the store beside the cache. */
  abstract void deliver(Outcome outcome);

  private List<Outcome> settle(String cacheKey, String leader, @Nullable Outcome result) {
    if (result != null) {
      deliver(result);
    }
    return cache().settle(cacheKey, leader, result);
  }

  /** Lets time pass. */
  abstract void pass(Duration time);

  private Outcome waiting(String id) {
    return Samples.outcome(client, id, "");
  }

  private Question asks(String id) {
    return new Question(key, waiting(id), LEASE, true);
  }

  private Place place(Question question) {
    return cache().resolve(List.of(question)).get(0);
  }

  @Test
  void first_leads_and_others_follow() {
    assertThat(cache().resolve(List.of(asks("a"), asks("b"), asks("c"))))
        .containsExactly(
            new Place.Lead(), new Place.Follow(client + "/a"), new Place.Follow(client + "/a"));
  }

  @Test
  void leader_that_asks_again_still_leads() {
    assertThat(cache().resolve(List.of(asks("a"), asks("a"))))
        .containsExactly(new Place.Lead(), new Place.Lead());
  }

  @Test
  void result_is_a_hit_afterwards() {
    Outcome result = Samples.outcome(client, "a", "result");
    place(asks("a"));
    settle(key, client + "/a", result);

    assertThat(place(asks("b"))).isEqualTo(new Place.Hit(result));
    assertThat(cache().lookup(List.of(key, Clients.cacheKey())))
        .containsExactly(Optional.of(result), Optional.empty());
  }

  @Test
  void result_releases_each_follower_once() {
    place(asks("a"));
    place(asks("b"));
    place(asks("c"));
    place(asks("b"));
    Outcome result = Samples.outcome(client, "a", "result");

    assertThat(settle(key, client + "/a", result))
        .containsExactlyInAnyOrder(waiting("b"), waiting("c"));
    assertThat(settle(key, client + "/a", result)).isEmpty();
  }

  @Test
  void failed_leader_keeps_its_followers_waiting_for_the_next() {
    place(asks("a"));
    place(asks("b"));
    place(asks("c"));

    assertThat(settle(key, client + "/a", null)).isEmpty();
    assertThat(place(asks("b"))).isEqualTo(new Place.Lead());
    assertThat(settle(key, client + "/b", Samples.outcome(client, "b", "result")))
        .containsExactly(waiting("c"));
  }

  @Test
  void failure_of_one_that_no_longer_leads_changes_nothing() {
    place(asks("a"));
    settle(key, client + "/z", null);

    assertThat(place(asks("b"))).isEqualTo(new Place.Follow(client + "/a"));
  }

  @Test
  void result_of_one_that_no_longer_leads_serves_all() {
    place(asks("a"));
    place(asks("b"));
    Outcome result = Samples.outcome(client, "z", "result");

    assertThat(settle(key, client + "/z", result)).containsExactly(waiting("b"));
    assertThat(place(asks("d"))).isEqualTo(new Place.Hit(result));
  }

  @Test
  void follower_leads_when_the_lease_is_over() {
    place(new Question(key, waiting("a"), Duration.ofMillis(50), true));
    assertThat(place(asks("b"))).isEqualTo(new Place.Follow(client + "/a"));
    pass(Duration.ofMillis(80));

    assertThat(place(asks("b"))).isEqualTo(new Place.Lead());
    assertThat(place(asks("a"))).isEqualTo(new Place.Follow(client + "/b"));
    assertThat(settle(key, client + "/b", Samples.outcome(client, "b", "x")))
        .containsExactly(waiting("a"));
  }

  @Test
  void one_that_may_not_follow_leads_beside_the_leader() {
    place(asks("a"));

    assertThat(place(new Question(key, waiting("b"), LEASE, false))).isEqualTo(new Place.Lead());
    assertThat(place(asks("d"))).isEqualTo(new Place.Follow(client + "/a"));
    assertThat(settle(key, client + "/b", Samples.outcome(client, "b", "x")))
        .containsExactly(waiting("d"));
  }

  @Test
  void keys_do_not_mix() {
    String other = Clients.cacheKey();
    place(asks("a"));

    assertThat(place(new Question(other, waiting("b"), LEASE, true))).isEqualTo(new Place.Lead());
    assertThat(settle(other, client + "/b", Samples.outcome(client, "b", "x"))).isEmpty();
    assertThat(place(asks("d"))).isEqualTo(new Place.Follow(client + "/a"));
  }

  @Test
  void many_questions_are_answered_in_order() {
    List<String> keys = IntStream.range(0, 2000).mapToObj(i -> Clients.cacheKey()).toList();
    List<Question> questions =
        keys.stream().map(k -> new Question(k, waiting("a"), LEASE, true)).toList();
    assertThat(cache().resolve(questions)).hasSize(2000).containsOnly(new Place.Lead());
    settle(keys.get(1500), client + "/a", Samples.outcome(client, "a", "x"));

    assertThat(cache().lookup(keys).get(1500)).isPresent();
    assertThat(cache().lookup(keys).get(1499)).isEmpty();
    assertThat(cache().resolve(List.of())).isEmpty();
    assertThat(cache().lookup(List.of())).isEmpty();
  }
}
