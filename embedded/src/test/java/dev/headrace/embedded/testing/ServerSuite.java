package dev.headrace.embedded.testing;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Tests that run against both backends, with one Kafka and one Redis for all tests of a class; they
 * use names of their own, so that none meets what another left behind. Where a backend is not
 * available each test is skipped and says why.
 *
 * <p>A subclass inherits the annotations and needs no constructor. What it starts in a {@code
 * BeforeParameterizedClassInvocation} or before each test starts after the servers, and is closed
 * before them.
 */
@ParameterizedClass
@EnumSource(ServerBackend.class)
public abstract class ServerSuite {
  /** Of the class that runs; one runs at a time. */
  private static @Nullable TestServers servers;

  @Parameter private ServerBackend backend;

  @BeforeParameterizedClassInvocation
  static void startServers(ServerBackend backend) {
    // An assumption that fails here would drop the class without a word in Maven's report.
    if (backend.isAvailable()) {
      servers = backend.start();
    }
  }

  @AfterParameterizedClassInvocation
  static void stopServers() {
    if (servers != null) {
      servers.close();
      servers = null;
    }
  }

  @BeforeEach
  final void skipWithoutServers() {
    backend.assumeAvailable();
  }

  /** Where they come from. */
  protected final ServerBackend backend() {
    return backend;
  }

  /** The servers of the class that runs; there are none where the backend is not available. */
  protected static TestServers servers() {
    return Objects.requireNonNull(servers, "servers");
  }
}
