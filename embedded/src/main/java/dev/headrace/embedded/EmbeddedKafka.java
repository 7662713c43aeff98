package dev.headrace.embedded;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A real Kafka broker and controller (KRaft, one node) inside this JVM, on 127.0.0.1.
 *
 * <p>Topics are not created by themselves, groups form at once, sessions may be as short as a
 * second (default 6 s, for {@code group.protocol=consumer} and share groups set here and not by the
 * client), share groups work. A node that was stopped starts again on the same port with its data,
 * so that tests can take Kafka away for a while. {@link #close()} deletes the data.
 *
 * <p>A fault inside the broker is logged as an error and never halts the JVM.
 */
public final class EmbeddedKafka extends FolderServer {
  private static final Logger log = LoggerFactory.getLogger(EmbeddedKafka.class);
  private static final Duration STOP_LIMIT =
      Duration.ofSeconds(20); // chosen; a stop takes about 1 s

  private final Map<String, String> settings;
  private @Nullable KafkaNode node;
  private int brokerPort; // 0 until the first start
  private int controllerPort;

  private EmbeddedKafka(Map<String, String> settings) {
    super("headrace-kafka-");
    this.settings = settings;
  }

  public static Builder builder() {
    return new Builder();
  }

  /**
   * The broker properties that apply where the builder sets nothing; ports and folders excepted.
   */
  public static Map<String, String> defaultSettings() {
    return Map.copyOf(KafkaSettings.defaults());
  }

  /**
   * Starts the broker, or starts it again where it was; returns when it takes requests.
   *
   * @throws EmbeddedServerException when it does not start; nothing is left behind then
   */
  public synchronized EmbeddedKafka start() {
    requireOpen();
    if (node != null) {
      return this;
    }
    long begin = System.nanoTime();
    try (KafkaSockets sockets = KafkaSockets.bind(brokerPort, controllerPort)) {
      brokerPort = sockets.brokerPort();
      controllerPort = sockets.controllerPort();
      Map<String, String> all = KafkaSettings.defaults();
      all.putAll(settings);
      all.putAll(KafkaSettings.node(brokerPort, controllerPort, formattedFolder()));
      node = KafkaNode.start(all, sockets);
    } catch (Exception e) {
      throw new EmbeddedServerException("embedded Kafka did not start", e);
    } finally {
      if (node == null) {
        close();
      }
    }
    log.info(
        "Kafka started bootstrap={} millis={}",
        bootstrapServers(),
        Duration.ofNanos(System.nanoTime() - begin).toMillis());
    return this;
  }

  private Path formattedFolder() throws Exception {
    boolean formatted = folder() != null;
    Path data = dataFolder();
    if (!formatted) {
      KafkaNode.format(data);
    }
    return data;
  }

  /** {@code 127.0.0.1:port}; the same before and after a stop. */
  public synchronized String bootstrapServers() {
    if (brokerPort == 0) {
      throw new IllegalStateException("state: new (expected: started)");
    }
    return LoopbackPorts.HOST + ":" + brokerPort;
  }

  /** Stops the broker and keeps its data for the next {@link #start()}; at most 20 s. */
  @Override
  public synchronized void stop() {
    KafkaNode stopping = node;
    node = null;
    if (stopping == null) {
      return;
    }
    Thread stopper = new Thread(stopping::stop, "embedded-kafka-stop");
    stopper.setDaemon(true);
    stopper.start();
    try {
      stopper.join(STOP_LIMIT.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (stopper.isAlive()) {
      log.warn("Kafka still stopping, going on without it limit={}", STOP_LIMIT);
    }
  }

  /** Stops the broker and deletes its data; at most 30 s, harmless when repeated. */
  @Override
  public synchronized void close() {
    super.close();
  }

  /** Collects broker settings that differ from the defaults above. */
  public static final class Builder extends SettingsBuilder<Builder> {
    private Builder() {}

    @Override
    Builder self() {
      return this;
    }

    /** Sets a broker property, for example {@code group.consumer.session.timeout.ms}. */
    @Override
    public Builder setting(String name, String value) {
      return super.setting(name, value);
    }

    public EmbeddedKafka build() {
      return new EmbeddedKafka(settings());
    }
  }
}
