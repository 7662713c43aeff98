package dev.headrace.router.state;

import static dev.headrace.policy.testing.Heartbeats.heartbeat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.headrace.embedded.testing.KafkaProbe;
import dev.headrace.embedded.testing.ServerSuite;
import dev.headrace.protocol.config.Settings;
import dev.headrace.protocol.naming.Topics;
import dev.headrace.router.testing.TestClock;
import dev.headrace.transport.kafka.KafkaConfig;
import dev.headrace.transport.kafka.TopicAdmin;
import dev.headrace.transport.testing.InMemoryDeviceRegistry;
import dev.headrace.transport.testing.InMemoryRouterRegistry;
import dev.headrace.transport.testing.Outage;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which topics a router's watch leaves in a real Kafka; heartbeats are in memory. */
class KafkaLaneTopicsIT extends ServerSuite {
  private final String lane = "lane-" + UUID.randomUUID();
  private final TestClock clock = new TestClock();
  private final Outage outage = new Outage();
  private final InMemoryDeviceRegistry registry =
      new InMemoryDeviceRegistry(clock, Duration.ofMinutes(1), outage);
  private TopicAdmin admin;
  private KafkaProbe probe;
  private RouterState state;

  @BeforeEach
  void open() {
    probe = new KafkaProbe(servers().kafkaBootstrap());
    admin =
        new TopicAdmin(
            KafkaConfig.read(
                Settings.of(
                    Map.of(
                        "kafka.bootstrap-servers",
                        servers().kafkaBootstrap(),
                        "kafka.topics.partitions",
                        "1"))));
    Watch watch =
        new Watch(
            registry,
            new InMemoryRouterRegistry(clock, Duration.ofMinutes(1), outage),
            new KafkaLaneTopics(admin),
            Runnable::run);
    StateConfig config =
        new StateConfig(
            Duration.ofSeconds(2), Duration.ofMillis(500), Duration.ofMinutes(1), List.of());
    state = new RouterState("r1", config, watch, clock, clock);
  }

  @AfterEach
  void close() {
    if (admin != null) {
      admin.close();
    }
  }

  private void refresh() {
    clock.advance(Duration.ofMillis(500));
    state.refresh();
    state.refresh();
  }

  private void deleteTopic() throws Exception {
    probe.deleteTopic(Topics.work(lane));
    await().until(() -> !admin.lanes().contains(lane));
  }

  private void serve() throws Exception {
    registry.publish(heartbeat("w", lane).build());
    refresh();
    assertThat(admin.lanes()).contains(lane);
    probe.produce(Topics.work(lane), List.of("a", "b"));
    refresh();
    assertThat(state.lag()).containsEntry(lane, 2L);
  }

  @Test
  void topic_of_a_lane_that_is_served_is_created_also_when_somebody_deleted_it() throws Exception {
    serve();
    deleteTopic();
    refresh();
    assertThat(admin.lanes()).contains(lane);
  }

  @Test
  void topic_that_was_deleted_after_its_workers_went_stays_away_and_leaves_no_work_behind()
      throws Exception {
    serve();
    registry.remove("w");
    deleteTopic();
    for (int i = 0; i < 4; i++) {
      refresh();
      assertThat(admin.lanes()).doesNotContain(lane);
      assertThat(state.lag()).containsEntry(lane, 0L);
    }
  }

  @Test
  void topic_that_was_deleted_after_its_workers_went_stays_away_while_redis_does_not_answer()
      throws Exception {
    serve();
    registry.remove("w");
    refresh();
    outage.begin();
    deleteTopic();
    for (int i = 0; i < 4; i++) {
      refresh();
      assertThat(admin.lanes()).doesNotContain(lane);
    }
  }

  @Test
  void topic_of_a_lane_whose_worker_comes_back_is_created_again_and_takes_work() throws Exception {
    serve();
    registry.remove("w");
    deleteTopic();
    refresh();
    registry.publish(heartbeat("w", lane).build());
    refresh();
    assertThat(admin.lanes()).contains(lane);
    assertThat(state.fleet().lanes()).as("before it was counted").isEmpty();
    refresh();
    assertThat(state.fleet().lanes()).hasSize(1);
  }
}
