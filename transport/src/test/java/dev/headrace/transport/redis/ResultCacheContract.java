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

  /** An idempotency key that two clients used at the same time for different content. */
  @Test
  void outcome_that_stands_for_other_content_is_not_taken_for_the_result() {
    String other = Clients.cacheKey();
    place(asks("a"));
    place(new Question(other, waiting("a"), LEASE, true));
    Outcome first = Samples.outcome(client, "a", "result of this");
    Outcome second = Samples.outcome(client, "a", "result of that");
    settle(key, client + "/a", first);
    // Its own outcome came second: the first one stands under this name.
    cache().settle(other, client + "/a", second);

    assertThat(place(asks("b"))).isEqualTo(new Place.Hit(first));
    Place place = place(new Question(other, waiting("b"), LEASE, true));
    assertThat(place).isIn(new Place.Lead(), new Place.Hit(second));
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

  /** Each request of a client of its own. */
  private Question asksAs(String other, Duration lease) {
    return new Question(key, Samples.outcome(other, "r", ""), lease, true);
  }

  @Test
  void followers_of_several_clients_take_over_one_after_the_other() {
    Question one = asksAs(client + "-1", Duration.ofMillis(50));
    Question two = asksAs(client + "-2", LEASE);
    Question three = asksAs(client + "-3", LEASE);
    Question four = asksAs(client + "-4", LEASE);
    cache().resolve(List.of(one, two, three, four));
    pass(Duration.ofMillis(80));

    assertThat(cache().resolve(List.of(three, two)))
        .containsExactly(new Place.Lead(), new Place.Follow(three.token()));
    assertThat(settle(key, three.token(), null)).as("failed").isEmpty();
    assertThat(cache().resolve(List.of(two, four)))
        .containsExactly(new Place.Lead(), new Place.Follow(two.token()));
    assertThat(settle(key, two.token(), Samples.outcome(client + "-2", "r", "x")))
        .containsExactly(four.waiting());
  }

  /** The next leader asked before anybody else came back. */
  @Test
  void followers_of_a_leader_whose_lease_ran_out_are_answered_by_the_next() {
    Question one = asksAs(client + "-1", Duration.ofMillis(50));
    Question two = asksAs(client + "-2", LEASE);
    Question three = asksAs(client + "-3", LEASE);
    cache().resolve(List.of(one, two, three));
    pass(Duration.ofMillis(80));

    assertThat(place(two)).isEqualTo(new Place.Lead());
    assertThat(settle(key, two.token(), Samples.outcome(client + "-2", "r", "x")))
        .containsExactly(three.waiting());
  }

  @Test
  void leader_that_comes_late_answers_those_who_follow_the_next_and_only_once() {
    Question late = asksAs(client + "-1", Duration.ofMillis(50));
    Question next = asksAs(client + "-2", LEASE);
    Question follows = asksAs(client + "-3", LEASE);
    place(late);
    pass(Duration.ofMillis(80));
    cache().resolve(List.of(next, follows));

    assertThat(settle(key, late.token(), Samples.outcome(client + "-1", "r", "x")))
        .containsExactly(follows.waiting());
    assertThat(place(asks("hit"))).isInstanceOf(Place.Hit.class);
    assertThat(settle(key, next.token(), Samples.outcome(client + "-2", "r", "x"))).isEmpty();
    assertThat(settle(key, late.token(), null)).as("a late failure").isEmpty();
    assertThat(place(asks("hit"))).isInstanceOf(Place.Hit.class);
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
