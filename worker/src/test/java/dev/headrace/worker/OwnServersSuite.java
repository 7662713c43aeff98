package dev.headrace.worker;

import dev.headrace.embedded.EmbeddedServers;
import dev.headrace.worker.testing.Stage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * Tests each of which has a Kafka, a Redis and a stage of its own: they stop these servers, or
 * leave them as no other test may find them. A subclass adds its settings before each test.
 */
abstract class OwnServersSuite {
  EmbeddedServers servers;
  Stage stage;

  @BeforeEach
  final void startServers() {
    servers = EmbeddedServers.builder().build().start();
    stage = new Stage(servers.kafkaBootstrap(), servers.redisUri());
  }

  @AfterEach
  final void stopServers() {
    if (stage != null) {
      stage.close();
    }
    if (servers != null) {
      servers.close();
    }
  }
}
