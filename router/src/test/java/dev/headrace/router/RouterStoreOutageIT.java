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
      stage.live(heartbeat("w1", "lane"));
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

      servers.redis().start();
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () -> assertThat(stage.outcome(late)).map(Outcome::status).hasValue(Status.EXPIRED));
      await().atMost(PATIENCE).until(() -> router.health().state() == RouterHealth.State.UP);
      stage.publish(request("after").at(Instant.now()).cached("c").build());
      await().atMost(PATIENCE).untilAsserted(() -> assertThat(lane.ids()).contains("after"));
      assertThat(lane.requests().get(2).assignment().cacheKey()).isNotNull();
    }
  }
}
