package dev.headrace.embedded.testing;

/** Kafka and Redis for one test class; empty at the start, gone after {@link #close()}. */
public interface TestServers extends AutoCloseable {
  /** {@code host:port}. */
  String kafkaBootstrap();

  /** {@code redis://host:port}. */
  String redisUri();

  @Override
  void close();
}
