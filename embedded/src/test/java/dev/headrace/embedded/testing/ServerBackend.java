package dev.headrace.embedded.testing;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.headrace.embedded.EmbeddedServers;
import java.util.Map;
import org.testcontainers.DockerClientFactory;

/**
 * Where a test's Kafka and Redis come from. An integration test runs against both:
 *
 * <pre>{@code
 * @ParameterizedClass
 * @EnumSource(ServerBackend.class)
 * class SomethingIT {
 *   @Parameter ServerBackend backend;
 *   TestServers servers;
 *
 *   @BeforeEach void start() { servers = backend.start(); }
 *   @AfterEach void stop() { if (servers != null) servers.close(); }
 * }
 * }</pre>
 *
 * <p>One start for all tests of a class: {@code @BeforeParameterizedClassInvocation static void
 * start(ServerBackend backend)}, as {@code ServerBackendIT} does.
 */
public enum ServerBackend {
  /** In this JVM and as its child process: always there. */
  EMBEDDED {
    @Override
    public TestServers start(Map<String, String> kafkaSettings) {
      return new Embedded(EmbeddedServers.builder().kafkaSettings(kafkaSettings).build().start());
    }
  },

  /** The images that users run. Skips the test, saying why, where no container engine answers. */
  CONTAINERS {
    @Override
    public TestServers start(Map<String, String> kafkaSettings) {
      assumeTrue(
          DockerClientFactory.instance().isDockerAvailable(),
          "skipped with containers: no container engine answers (expected: a running Docker or"
              + " a compatible engine, see DOCKER_HOST); the embedded servers were tested");
      return ContainerServers.start(kafkaSettings);
    }
  };

  /** Starts both servers with defaults. */
  public final TestServers start() {
    return start(Map.of());
  }

  /** Starts both servers; the settings are broker properties, on top of the defaults. */
  public abstract TestServers start(Map<String, String> kafkaSettings);

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
