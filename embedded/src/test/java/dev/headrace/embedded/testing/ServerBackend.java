package dev.headrace.embedded.testing;

import dev.headrace.embedded.EmbeddedServers;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.testcontainers.DockerClientFactory;

/**
 * Where a test's Kafka and Redis come from. An integration test that extends {@link ServerSuite}
 * runs against both.
 */
public enum ServerBackend {
  /** In this JVM and as its child process: always there. */
  EMBEDDED {
    @Override
    public boolean isAvailable() {
      return true;
    }

    @Override
    TestServers startServers(Map<String, String> kafkaSettings) {
      return new Embedded(EmbeddedServers.builder().kafkaSettings(kafkaSettings).build().start());
    }
  },

  /** The images that users run; only where a container engine answers. */
  CONTAINERS {
    @Override
    public boolean isAvailable() {
      return DockerClientFactory.instance().isDockerAvailable();
    }

    @Override
    TestServers startServers(Map<String, String> kafkaSettings) {
      return ContainerServers.start(kafkaSettings);
    }
  };

  private static final Logger log = LoggerFactory.getLogger(ServerBackend.class);

  public abstract boolean isAvailable();

  abstract TestServers startServers(Map<String, String> kafkaSettings);

  /** Skips the test that runs, saying why, when this backend is not available. */
  public final void assumeAvailable() {
    if (!isAvailable()) {
      String reason =
          "skipped with "
              + this
              + ": no container engine answers (expected: a running Docker or a compatible engine,"
              + " see DOCKER_HOST)";
      log.info(reason); // Maven's console shows that a test was skipped, but not why.
      Assumptions.abort(reason);
    }
  }

  /**
   * Starts both servers; the settings are broker properties, on top of the defaults. Skips the test
   * as {@link #assumeAvailable()} does.
   */
  public final TestServers start(Map<String, String> kafkaSettings) {
    assumeAvailable();
    return startServers(kafkaSettings);
  }

  /** Starts both servers with defaults. */
  public final TestServers start() {
    return start(Map.of());
  }

  private record Embedded(EmbeddedServers servers) implements TestServers {
    @Override
    public String kafkaBootstrap() {
      return servers.kafkaBootstrap();
    }

    @Override
    public String redisUri() {
      return servers.redisUri();
    }

    @Override
    public void close() {
      servers.close();
    }
  }
}
