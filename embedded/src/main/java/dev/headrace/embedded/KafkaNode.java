package dev.headrace.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import kafka.server.BrokerServer;
import kafka.server.ControllerServer;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import kafka.server.SharedServer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.metrics.Metrics;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.raft.QuorumConfig;
import org.apache.kafka.server.fault.LoggingFaultHandler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One run of a combined broker and controller, from start to stop.
 *
 * <p>Wired by hand from the parts that Kafka's own {@code KafkaRaftServer} joins, for two reasons:
 * sockets that are already bound go in, so no other process can take the port in between; and
 * faults are logged where {@code KafkaRaftServer} halts the JVM, which here is the user's program.
 */
final class KafkaNode {
  private static final Logger log = LoggerFactory.getLogger(KafkaNode.class);
  private static final Duration CONTROLLED_SHUTDOWN = Duration.ofSeconds(5);

  private final ControllerServer controller;
  private final BrokerServer broker;

  private KafkaNode(ControllerServer controller, BrokerServer broker) {
    this.controller = controller;
    this.broker = broker;
  }

  /** Writes the metadata that a node's folder holds before its first start. */
  static void format(Path folder) throws Exception {
    new Formatter()
        .setPrintStream(new PrintStream(OutputStream.nullOutputStream(), true, UTF_8))
        .setClusterId(Uuid.randomUuid().toString())
        .setNodeId(KafkaSettings.NODE_ID)
        .setDirectories(List.of(folder.toString()))
        .setMetadataLogDirectory(folder.toString())
        .setControllerListenerName(KafkaSettings.CONTROLLER_LISTENER)
        .run();
  }

  /** Starts a node in a formatted folder; returns when it takes requests. */
  static KafkaNode start(Map<String, String> settings, KafkaSockets sockets) {
    KafkaNode node = build(settings, sockets);
    try {
      node.controller.startup();
      node.broker.startup();
      return node;
    } catch (RuntimeException e) {
      node.stop();
      throw e;
    }
  }

  private static KafkaNode build(Map<String, String> settings, KafkaSockets sockets) {
    KafkaConfig config = new KafkaConfig(settings, false);
    var quorum = config.quorumConfig();
    var stored = KafkaRaftServer.initializeLogDirs(config, log, "");
    SharedServer shared =
        new SharedServer(
            config,
            stored._1(),
            Time.SYSTEM,
            new Metrics(),
            CompletableFuture.completedFuture(QuorumConfig.parseVoterConnections(quorum.voters())),
            QuorumConfig.parseBootstrapServers(quorum.bootstrapServers()),
            (name, fatal, action) -> new LoggingFaultHandler(name, action),
            sockets);
    BrokerServer broker = new BrokerServer(shared);
    return new KafkaNode(
        new ControllerServer(shared, KafkaRaftServer.configSchema(), stored._2()), broker);
  }

  /** Broker first: it says good-bye to the controller. Blocks; each part ends on its own terms. */
  void stop() {
    broker.shutdown(CONTROLLED_SHUTDOWN);
    controller.shutdown();
  }
}
