package dev.headrace.router;

import static dev.headrace.policy.testing.Heartbeats.heartbeat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.headrace.embedded.testing.ServerSuite;
import dev.headrace.policy.testing.Heartbeats;
import dev.headrace.policy.testing.RequestBuilder;
import dev.headrace.protocol.Detail;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Outcomes;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.event.DeadLetter;
import dev.headrace.protocol.event.OutcomeCodec;
import dev.headrace.protocol.event.RequestCodec;
import dev.headrace.protocol.event.WireHeader;
import dev.headrace.protocol.event.WireRecord;
import dev.headrace.protocol.naming.Topics;
import dev.headrace.router.loop.RouterHealth;
import dev.headrace.router.testing.Stage;
import dev.headrace.transport.redis.ResultCache;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The router with a real Kafka and a real Redis; the workers are heartbeats and readers. */
class RouterIT extends ServerSuite {
  /** Model and lanes of this test only: heartbeats of others may still be there. */
  private final String unique = UUID.randomUUID().toString().substring(0, 8);

  private Stage stage;

  @BeforeAll
  static void patience() {
    Awaitility.setDefaultTimeout(Duration.ofSeconds(60));
  }

  @BeforeEach
  void open() {
    stage = new Stage(servers().kafkaBootstrap(), servers().redisUri(), Map.of());
  }

  @AfterEach
  void close() {
    if (stage != null) {
      stage.die();
      stage.close();
    }
  }

  private RequestBuilder request(String id) {
    return RequestBuilder.request(unique + "-" + id).model(unique).at(Instant.now());
  }

  private String lane(String name) {
    return name + "-" + unique;
  }

  private Heartbeats worker(String name) {
    return heartbeat(lane(name) + "-1", lane(name)).model(unique);
  }

  private void routes() {
    stage.router();
  }

  @Test
  void requests_of_all_tiers_go_to_the_cheap_lane_each_once() {
    stage.live(worker("cheap").price(1));
    stage.live(worker("dear").price(10));
    routes();
    Set<String> ids = new HashSet<>();
    for (int i = 0; i < 300; i++) {
      InferenceRequest request = request("r" + i).tier(Tier.values()[i % 3]).build();
      ids.add(request.id());
      stage.publish(request);
    }
    Stage.Reader cheap = stage.lane(lane("cheap"));
    await().untilAsserted(() -> assertThat(cheap.ids()).containsExactlyInAnyOrderElementsOf(ids));
    assertThat(cheap.requests().get(0).assignment().reason()).isEqualTo("cheapest_in_time");
    assertThat(stage.lag(lane("dear"))).isZero();
  }

  @Test
  void dear_lane_takes_what_the_cheap_one_would_do_too_late() {
    stage.live(worker("cheap").price(1).curve(0.5, 100));
    stage.live(worker("dear").price(1000).curve(0.001, 100));
    routes();
    Stage.Reader cheap = stage.lane(lane("cheap"));
    Stage.Reader dear = stage.lane(lane("dear"));
    // The router joins its group first, which may take as long as the others have.
    stage.publish(request("first").within(Duration.ofMinutes(5)).build());
    await().untilAsserted(() -> assertThat(cheap.ids()).hasSize(1));
    for (int i = 0; i < 40; i++) {
      stage.publish(request("r" + i).within(Duration.ofSeconds(5)).build());
    }
    List<String> all = new ArrayList<>();
    await()
        .untilAsserted(
            () -> {
              all.clear();
              all.addAll(cheap.ids());
              all.addAll(dear.ids());
              assertThat(all).hasSize(41);
            });
    assertThat(new HashSet<>(all)).hasSize(41);
    // Half a second each within five, and the first: about eleven.
    assertThat(cheap.ids()).hasSizeBetween(5, 21);
    assertThat(dear.requests()).allMatch(r -> r.assignment().reason().equals("overflow"));
  }

  /** Kafka refuses a topic whose name differs from another's in dots and underscores only. */
  @Test
  void lane_that_kafka_has_no_topic_for_is_named_and_the_others_are_served() {
    stage.live(worker("x.y").price(1));
    RouterApp router = stage.router();
    Stage.Reader good = stage.lane(lane("x.y"));
    stage.publish(request("first").within(Duration.ofMinutes(5)).build());
    await().untilAsserted(() -> assertThat(good.ids()).hasSize(1));
    stage.liveWithoutTopic(worker("x_y").price(0.1));
    await().until(() -> router.health().reasons().toString().contains("lane " + lane("x_y")));
    stage.publish(request("second").within(Duration.ofMinutes(5)).build());
    await().untilAsserted(() -> assertThat(good.ids()).hasSize(2));
    assertThat(router.health().reasons()).hasSize(1);
  }

  @Test
  void whatever_cannot_run_gets_its_outcome_in_redis_and_kafka_and_its_dead_letter() {
    stage.live(worker("lane"));
    Instant before = Instant.now().minusSeconds(1); // what was just submitted is not looked up
    InferenceRequest cancelled = request("cancelled").at(before).build();
    Outcome cancel = Outcomes.cancelled(cancelled.address(), Instant.now(), "/sdk");
    stage.stores().outcomeStore().deliver(List.of(cancel));
    stage.publish(cancelled);
    InferenceRequest late = request("late").within(Duration.ZERO).build();
    stage.publish(late);
    InferenceRequest unknown = request("unknown").model("nobody-has-" + unique).build();
    stage.publish(unknown);
    InferenceRequest broken = request("broken").build();
    stage.publish(
        Topics.requests(Tier.PREMIUM),
        RequestCodec.encode(broken).with(List.of(WireHeader.of("ce_rows", "x"))));
    routes();

    await()
        .untilAsserted(
            () -> {
              assertStatus(cancelled, Status.CANCELLED);
              assertStatus(late, Status.EXPIRED);
              assertThat(failure(unknown)).isEqualTo(ErrorCode.UNKNOWN_MODEL);
              assertThat(failure(broken)).isEqualTo(ErrorCode.MALFORMED_EVENT);
            });
    Stage.Reader outcomes = stage.read(Topics.OUTCOMES, "outcomes-" + unique);
    await()
        .untilAsserted(
            () ->
                assertThat(mine(outcomes.records()))
                    .extracting(r -> OutcomeCodec.decode(r).status())
                    .containsExactlyInAnyOrder(
                        Status.CANCELLED, Status.EXPIRED, Status.FAILED, Status.FAILED));
    Stage.Reader letters = stage.read(Topics.DEAD_LETTERS, "letters-" + unique);
    await()
        .untilAsserted(
            () ->
                assertThat(mine(letters.records()))
                    .extracting(r -> r.text(DeadLetter.ERROR_CODE))
                    .containsExactlyInAnyOrder("unknown_model", "malformed_event"));
  }

  private List<WireRecord> mine(List<WireRecord> records) {
    return records.stream().filter(r -> r.text("ce_id").startsWith(unique)).toList();
  }

  private void assertStatus(InferenceRequest request, Status status) {
    assertThat(stage.outcome(request)).map(Outcome::status).hasValue(status);
  }

  private ErrorCode failure(InferenceRequest request) {
    return stage
        .outcome(request)
        .map(o -> o.failure() == null ? null : o.failure().code())
        .orElse(null);
  }

  @Test
  void lane_that_lost_its_workers_is_emptied_and_what_was_cancelled_in_it_ends() {
    stage.close();
    stage =
        new Stage(
            servers().kafkaBootstrap(),
            servers().redisUri(),
            Map.of("router.rescue.after", "1s", "router.rescue.interval", "100ms"));
    stage.live(worker("lost").price(1));
    stage.live(worker("other").price(10));
    routes();
    List<InferenceRequest> all = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      all.add(request("r" + i).build());
    }
    all.forEach(stage::publish);
    await().until(() -> stage.lag(lane("lost")) == 10);
    List<InferenceRequest> cancelled = all.subList(0, 4);
    stage
        .stores()
        .outcomeStore()
        .deliver(
            cancelled.stream()
                .map(r -> Outcomes.cancelled(r.address(), Instant.now(), "/sdk"))
                .toList());
    stage.die(lane("lost"));

    Stage.Reader other = stage.lane(lane("other"));
    Set<String> left = new HashSet<>();
    all.subList(4, 10).forEach(r -> left.add(r.id()));
    await().untilAsserted(() -> assertThat(new HashSet<>(other.ids())).isEqualTo(left));
    await().until(() -> stage.lag(lane("lost")) == 0);
    assertThat(other.requests()).allMatch(r -> r.attempts().number() == 1);
    Stage.Reader outcomes = stage.read(Topics.OUTCOMES, "outcomes-" + unique);
    await()
        .untilAsserted(
            () ->
                assertThat(mine(outcomes.records()))
                    .extracting(r -> OutcomeCodec.decode(r).status())
                    .containsExactly(
                        Status.CANCELLED, Status.CANCELLED, Status.CANCELLED, Status.CANCELLED));
    assertThat(new HashSet<>(other.ids())).isEqualTo(left);
  }

  @Test
  void identical_requests_run_once_and_all_are_answered() {
    stage.live(worker("lane"));
    routes();
    Stage.Reader lane = stage.lane(lane("lane"));
    List<InferenceRequest> same = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      same.add(request("s" + i).cached("same " + unique).within(Duration.ofSeconds(20)).build());
    }
    same.forEach(stage::publish);
    await().untilAsserted(() -> assertThat(lane.requests()).hasSize(1));

    InferenceRequest leader = lane.requests().get(0);
    Outcome result = result(leader);
    ResultCache cache = stage.stores().resultCache();
    String key = leader.assignment().cacheKey();
    List<Outcome> followers = cache.settle(key, ResultCache.tokenOf(result), result);
    stage.stores().outcomeStore().deliver(List.of(result));
    assertThat(followers).hasSize(4);
    // The worker dies before it answers the last one, which asks again by itself.
    for (Outcome follower : followers.subList(0, 3)) {
      Outcome answer = result.answering(follower, Instant.now(), "coalesced");
      stage.stores().outcomeStore().deliver(List.of(answer));
    }
    await()
        .untilAsserted(
            () ->
                assertThat(same)
                    .allSatisfy(
                        r ->
                            assertThat(stage.outcome(r)).map(Outcome::status).hasValue(Status.OK)));
    assertThat(same)
        .extracting(r -> stage.outcome(r).orElseThrow().detail(Detail.CACHE))
        .containsExactlyInAnyOrder("miss", "coalesced", "coalesced", "coalesced", "hit");
    assertThat(lane.requests()).hasSize(1);
  }

  private static Outcome result(InferenceRequest request) {
    Outcome waiting = Outcomes.waiting(request);
    return new Outcome(
        waiting.address(),
        Status.OK,
        null,
        Instant.now(),
        "/headrace/workers/w",
        Map.of(Detail.CACHE, "miss"),
        new byte[] {'{', '}'},
        waiting.trace());
  }

  @Test
  void router_that_stops_leaves_what_it_did_not_route_to_the_next() {
    stage.live(worker("lane").curve(1, 100));
    RouterApp first = stage.router();
    for (int i = 0; i < 20; i++) {
      stage.publish(request("r" + i).build());
    }
    Stage.Reader lane = stage.lane(lane("lane"));
    await().untilAsserted(() -> assertThat(lane.ids()).hasSizeGreaterThanOrEqualTo(2));
    first.close(Duration.ofSeconds(10));
    assertThat(first.health().state()).isEqualTo(RouterHealth.State.DOWN);
    int before = lane.ids().size();
    assertThat(before).isLessThan(20);
    routes();
    await().untilAsserted(() -> assertThat(new HashSet<>(lane.ids())).hasSize(20));
    assertThat(lane.ids()).as("an orderly stop reads nothing twice").doesNotHaveDuplicates();
  }

  @Test
  void router_has_the_threads_it_names_and_leaves_none() throws InterruptedException {
    RouterApp router = stage.router();
    await().until(() -> ours().contains("router-watch"));
    assertThat(ours()).containsExactlyInAnyOrder("router-loop", "router-watch", "router-rescue");
    router.drain();
    assertThat(router.awaitEnd(Duration.ofSeconds(10))).isTrue();
    router.close();
    router.close();
    assertThat(ours()).isEmpty();
  }

  private static List<String> ours() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.startsWith("router-"))
        .toList();
  }

  @Test
  void two_routers_share_the_work_and_one_takes_over_from_the_other() {
    stage.live(worker("lane").curve(0.001, 100));
    RouterApp first = stage.router();
    routes();
    Stage.Reader lane = stage.lane(lane("lane"));
    Set<String> ids = new HashSet<>();
    for (int i = 0; i < 400; i++) {
      InferenceRequest request = request("r" + i).build();
      ids.add(request.id());
      stage.publish(request);
      if (i == 200) {
        first.close(Duration.ofSeconds(10));
      }
    }
    await().untilAsserted(() -> assertThat(new HashSet<>(lane.ids())).isEqualTo(ids));
  }
}
