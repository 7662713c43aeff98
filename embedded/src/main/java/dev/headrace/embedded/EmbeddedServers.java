package dev.headrace.embedded;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Kafka and Redis together, for a program or a test that needs both.
 *
 * <p>By default a shutdown hook closes them when the JVM gets SIGTERM, SIGINT or ends by itself. A
 * program that must use Kafka or Redis while it shuts down (to drain its work) switches the hook
 * off with {@link Builder#shutdownHook(boolean)} and closes the servers last, from its own hook:
 * the JVM runs all hooks at once. After SIGKILL no hook runs; then the watching shells described at
 * {@link EmbeddedRedis} end redis-server and delete the folders of both, and the broker has died
 * with the JVM.
 */
public final class EmbeddedServers implements AutoCloseable {
  private final EmbeddedKafka kafka;
  private final EmbeddedRedis redis;
  private final boolean wantsHook;
  private @Nullable Thread hook;

  private EmbeddedServers(EmbeddedKafka kafka, EmbeddedRedis redis, boolean wantsHook) {
    this.kafka = kafka;
    this.redis = redis;
    this.wantsHook = wantsHook;
  }

  public static Builder builder() {
    return new Builder();
  }

  /**
   * Starts both; returns when both take requests.
   *
   * @throws EmbeddedServerException when one does not start; nothing is left behind then
   */
  public synchronized EmbeddedServers start() {
    if (wantsHook && hook == null) {
      hook = new Thread(this::closeServers, "embedded-servers-exit");
      Runtime.getRuntime().addShutdownHook(hook);
    }
    try {
      redis.start();
      kafka.start();
      return this;
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  public EmbeddedKafka kafka() {
    return kafka;
  }

  public EmbeddedRedis redis() {
    return redis;
  }

  /** {@code 127.0.0.1:port}. */
  public String kafkaBootstrap() {
    return kafka.bootstrapServers();
  }

  /** {@code redis://127.0.0.1:port}. */
  public String redisUri() {
    return redis.uri();
  }

  /**
   * Stops both and deletes their data; at most 50 s (about 1 s as a rule), harmless when repeated.
   */
  @Override
  public synchronized void close() {
    closeServers();
    Thread unneeded = hook;
    hook = null;
    if (unneeded != null && unneeded.getState() == Thread.State.NEW) {
      try {
        Runtime.getRuntime().removeShutdownHook(unneeded);
      } catch (IllegalStateException alreadyShuttingDown) {
        // The hook runs or has run: closing twice is harmless.
      }
    }
  }

  private void closeServers() {
    kafka.close();
    redis.close();
  }

  /** Collects settings of both servers. */
  public static final class Builder {
    private final EmbeddedKafka.Builder kafka = EmbeddedKafka.builder();
    private final EmbeddedRedis.Builder redis = EmbeddedRedis.builder();
    private boolean shutdownHook = true;

    private Builder() {}

    public Builder kafkaSetting(String name, String value) {
      kafka.setting(name, value);
      return this;
    }

    public Builder kafkaSettings(Map<String, String> more) {
      kafka.settings(more);
      return this;
    }

    public Builder redisSetting(String name, String value) {
      redis.setting(name, value);
      return this;
    }

    public Builder redisSettings(Map<String, String> more) {
      redis.settings(more);
      return this;
    }

    /** Whether the JVM closes the servers when it ends; see the class comment. */
    public Builder shutdownHook(boolean wanted) {
      shutdownHook = wanted;
      return this;
    }

    public EmbeddedServers build() {
      return new EmbeddedServers(kafka.build(), redis.build(), shutdownHook);
    }
  }
}
