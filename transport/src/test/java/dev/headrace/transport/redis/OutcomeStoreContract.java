package dev.headrace.transport.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.naming.RedisKeys;
import dev.headrace.transport.redis.OutcomeStore.Delivered;
import dev.headrace.transport.testing.Samples;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What every outcome store does; each test uses a client name of its own. */
abstract class OutcomeStoreContract {
  private final String client = Clients.next();

  abstract OutcomeStore store();

  /** The ids that the client's reply stream announces, oldest first. */
  abstract List<String> replies(String client);

  @Test
  void first_outcome_stands() {
    Outcome first = Samples.outcome(client, "r", "first");
    Outcome second = Samples.outcome(client, "r", "second");

    assertThat(store().deliver(List.of(first))).containsExactly(new Delivered(true, first, false));
    assertThat(store().deliver(List.of(second)))
        .containsExactly(new Delivered(false, first, false));
    assertThat(store().find(List.of(first.address())))
        .containsExactly(Optional.of(new Delivered(false, first, false)));
  }

  @Test
  void the_same_outcome_again_is_still_the_first() {
    Outcome outcome = Samples.outcome(client, "r", "x");
    store().deliver(List.of(outcome));

    assertThat(store().deliver(List.of(outcome)))
        .containsExactly(new Delivered(true, outcome, false));
  }

  @Test
  void outcome_that_stands_may_be_amended_until_kafka_has_it() {
    Outcome bare = Samples.outcome(client, "r", "bare");
    Outcome more = Samples.outcome(client, "r", "with its text");
    assertThat(store().amend(bare, more)).as("nothing stands").isFalse();
    store().deliver(List.of(bare));
    Outcome other = Samples.outcome(client, "r", "of somebody else");
    assertThat(store().amend(other, more)).as("another stands").isFalse();
    assertThat(store().amend(bare, more)).isTrue();
    assertThat(store().amend(bare, more)).as("again").isTrue();
    assertThat(store().find(List.of(bare.address())))
        .containsExactly(Optional.of(new Delivered(false, more, false)));
    store().markPublished(List.of(bare.address()));
    assertThat(store().amend(more, bare)).as("Kafka has it").isFalse();
    assertThat(store().find(List.of(bare.address())))
        .containsExactly(Optional.of(new Delivered(false, more, true)));
  }

  @Test
  void two_outcomes_of_one_request_in_one_call_are_told_apart() {
    Outcome first = Samples.outcome(client, "r", "first");
    Outcome second = Samples.outcome(client, "r", "second");

    assertThat(store().deliver(List.of(first, second)))
        .containsExactly(new Delivered(true, first, false), new Delivered(false, first, false));
  }

  @Test
  void answers_come_in_the_order_of_the_questions() {
    List<Outcome> outcomes =
        IntStream.range(0, 2500)
            .mapToObj(i -> Samples.outcome(client, "r" + i, "body " + i))
            .toList();
    assertThat(store().deliver(outcomes)).extracting(Delivered::stored).isEqualTo(outcomes);

    List<Address> addresses = new ArrayList<>();
    outcomes.forEach(o -> addresses.add(o.address()));
    addresses.add(1000, Samples.address(client, "unknown"));
    List<Optional<Delivered>> found = new ArrayList<>(store().find(addresses));
    assertThat(found.remove(1000)).isEmpty();
    assertThat(found).extracting(d -> d.orElseThrow().stored()).isEqualTo(outcomes);
  }

  @Test
  void same_id_of_another_client_is_another_request() {
    String other = Clients.next();
    store().deliver(List.of(Samples.outcome(client, "r", "x")));

    assertThat(store().find(List.of(Samples.address(other, "r"))))
        .containsExactly(Optional.empty());
  }

  @Test
  void outcome_is_announced_when_asked_for_also_if_another_stands() {
    Address silent = new Address(client, "silent", false, null);
    Outcome announced = Samples.outcome(client, "silent", "x");
    Outcome unannounced =
        new Outcome(
            silent,
            announced.status(),
            null,
            announced.time(),
            announced.source(),
            announced.details(),
            announced.body(),
            announced.trace());
    store()
        .deliver(
            List.of(
                Samples.outcome(client, "a", "1"),
                unannounced,
                Samples.outcome(client, "a", "2"),
                Samples.outcome(client, "b", "1")));

    assertThat(replies(client)).containsExactly("a", "a", "b");
    store().announce(List.of(silent, Samples.address(client, "b")));
    assertThat(replies(client)).containsExactly("a", "a", "b", "b");
  }

  @Test
  void published_mark_is_kept() {
    Outcome outcome = Samples.outcome(client, "r", "x");
    store().deliver(List.of(outcome));
    store().markPublished(List.of(outcome.address()));

    assertThat(store().find(List.of(outcome.address())))
        .containsExactly(Optional.of(new Delivered(false, outcome, true)));
    assertThat(store().deliver(List.of(Samples.outcome(client, "r", "other"))))
        .containsExactly(new Delivered(false, outcome, true));
  }

  @Test
  void marking_a_request_without_outcome_makes_none() {
    store().markPublished(List.of(Samples.address(client, "r")));

    assertThat(store().find(List.of(Samples.address(client, "r"))))
        .containsExactly(Optional.empty());
    assertThat(store().deliver(List.of(Samples.outcome(client, "r", "x"))))
        .extracting(Delivered::first, Delivered::published)
        .containsExactly(tuple(true, false));
  }

  @Test
  void body_by_reference_is_found_by_its_key() {
    Address address = Samples.address(client, "r");
    byte[] body = "large".getBytes(StandardCharsets.UTF_8);
    String key = RedisKeys.blob(client, "r");
    assertThat(store().blob(key)).isEmpty();
    store().putBlob(address, body);

    assertThat(store().blob(key)).hasValueSatisfying(b -> assertThat(b).isEqualTo(body));
  }

  @Test
  void body_of_an_outcome_is_found_by_the_key_of_the_result() {
    String key = RedisKeys.result(client, "r");
    assertThat(store().blob(key)).isEmpty();
    store().deliver(List.of(Samples.outcome(client, "r", "body")));

    assertThat(store().blob(key))
        .hasValueSatisfying(b -> assertThat(b).asString().isEqualTo("body"));
  }

  @Test
  void empty_lists_are_answered_by_empty_lists() {
    assertThat(store().deliver(List.of())).isEmpty();
    assertThat(store().find(List.of())).isEmpty();
    store().markPublished(List.of());
  }

  @Test
  void ids_with_odd_characters_are_kept_apart() {
    List<String> ids = List.of("a b", "a:b", "{x}", "}:result:", "ü", "%s", "*");
    store().deliver(ids.stream().map(id -> Samples.outcome(client, id, "of " + id)).toList());

    for (String id : ids) {
      assertThat(store().find(List.of(Samples.address(client, id))).get(0))
          .hasValueSatisfying(d -> assertThat(d.stored().body()).asString().isEqualTo("of " + id));
    }
  }
}
