package dev.headrace.router;

import static dev.headrace.policy.testing.Heartbeats.heartbeat;
import static dev.headrace.policy.testing.RequestBuilder.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.headrace.embedded.EmbeddedServers;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Status;
import dev.headrace.router.loop.RouterHealth;
import dev.headrace.router.testing.Stage;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Redis goes away and comes back empty under a running router. */
class RouterStoreOutageIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @Test
  void router_goes_on_without_redis_and_recovers() {
    try (EmbeddedServers servers = EmbeddedServers.builder().build().start();
        Stage stage =
            new Stage(
                servers.kafkaBootstrap(),
                servers.redisUri(),
                Map.of("router.store-wait", "500ms"))) {
      stage.live(heartbeat("w1", "lane").curve(0.1, 100));
      RouterApp router = stage.router();
      Stage.Reader lane = stage.lane("lane");
      stage.publish(request("before").at(Instant.now()).cached("a").build());
      await().atMost(PATIENCE).untilAsserted(() -> assertThat(lane.ids()).contains("before"));
      assertThat(lane.requests().get(0).assignment().cacheKey()).isNotNull();

      servers.redis().stop();
      stage.publish(request("without").at(Instant.now()).cached("b").build());
      InferenceRequest late = request("late").at(Instant.now()).within(Duration.ZERO).build();
      stage.publish(late);
      await().atMost(PATIENCE).untilAsserted(() -> assertThat(lane.ids()).contains("without"));
      assertThat(lane.requests().get(1).assignment().cacheKey()).isNull();
      await().atMost(PATIENCE).until(() -> router.health().state() == RouterHealth.State.DEGRADED);
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () ->
                  assertThat(router.health().reasons())
                      .contains("heartbeats cannot be read", "store does not answer"));
      await().atMost(PATIENCE).until(() -> stage.gauge("headrace.router.store.up") == 0);
      assertThat(stage.gauge("headrace.router.broker.up")).isEqualTo(1);
      keepsTheWindowByLagAlone(stage, lane);

      servers.redis().start();
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () -> assertThat(stage.outcome(late)).map(Outcome::status).hasValue(Status.EXPIRED));
      await().atMost(PATIENCE).until(() -> router.health().state() == RouterHealth.State.UP);
      await().atMost(PATIENCE).until(() -> stage.gauge("headrace.router.store.up") == 1);
      stage.publish(request("after").at(Instant.now()).cached("c").build());
      await().atMost(PATIENCE).untilAsserted(() -> assertThat(lane.ids()).contains("after"));
      assertThat(lane.requests())
          .filteredOn(r -> r.id().equals("after"))
          .allMatch(r -> r.assignment().cacheKey() != null);
    }
  }

  /** A request takes 0.1 s of a window of 2 s: twenty, and ten for a second taken as worked. */
  private static void keepsTheWindowByLagAlone(Stage stage, Stage.Reader lane) {
    for (int i = 0; i < 60; i++) {
      stage.publish(request("many" + i).at(Instant.now()).within(Duration.ofMinutes(5)).build());
    }
    await().atMost(PATIENCE).until(() -> stage.lag("lane") >= 20);
    await()
        .during(Duration.ofSeconds(1))
        .atMost(PATIENCE)
        .until(() -> stage.lag("lane") <= 20 + 10 + 1);
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(lane.ids()).contains("many0", "many59"));
    assertThat(lane.ids()).filteredOn(id -> id.startsWith("many")).hasSize(60);
  }
}
