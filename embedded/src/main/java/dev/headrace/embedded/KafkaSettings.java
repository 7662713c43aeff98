package dev.headrace.embedded;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a single broker on a small machine needs that Kafka's defaults, made for clusters, lack. */
final class KafkaSettings {
  static final int NODE_ID = 1;
  static final String BROKER_LISTENER = "PLAINTEXT";
  static final String CONTROLLER_LISTENER = "CONTROLLER";

  private KafkaSettings() {}

  /** Where the node listens and keeps its data; the caller of the builder cannot override these. */
  static Map<String, String> node(int brokerPort, int controllerPort, Path folder) {
    Map<String, String> settings = new LinkedHashMap<>();
    String broker = BROKER_LISTENER + "://" + LoopbackPorts.HOST + ":" + brokerPort;
    String controller = CONTROLLER_LISTENER + "://" + LoopbackPorts.HOST + ":" + controllerPort;
    settings.put("process.roles", "broker,controller");
    settings.put("node.id", Integer.toString(NODE_ID));
    settings.put(
        "controller.quorum.voters", NODE_ID + "@" + LoopbackPorts.HOST + ":" + controllerPort);
    settings.put("controller.listener.names", CONTROLLER_LISTENER);
    settings.put("inter.broker.listener.name", BROKER_LISTENER);
    settings.put("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT");
    settings.put("listeners", broker + "," + controller);
    settings.put("advertised.listeners", broker);
    settings.put("log.dirs", folder.toString());
    settings.put("metadata.log.dir", folder.toString());
    return settings;
  }

  /** Defaults of the embedded broker; the builder's settings come on top. */
  static Map<String, String> defaults() {
    Map<String, String> settings = new LinkedHashMap<>();
    putSingleNode(settings);
    putShortGroups(settings);
    putSmallFootprint(settings);
    return settings;
  }

  private static void putSingleNode(Map<String, String> settings) {
    settings.put("server.max.startup.time.ms", "60000"); // by default it waits without limit
    settings.put("auto.create.topics.enable", "false");
    settings.put("default.replication.factor", "1");
    settings.put("min.insync.replicas", "1");
    settings.put("offsets.topic.replication.factor", "1");
    settings.put("offsets.topic.num.partitions", "1");
    settings.put("transaction.state.log.replication.factor", "1");
    settings.put("transaction.state.log.min.isr", "1");
    settings.put("transaction.state.log.num.partitions", "1");
    settings.put("share.coordinator.state.topic.replication.factor", "1");
    settings.put("share.coordinator.state.topic.min.isr", "1");
    settings.put("share.coordinator.state.topic.num.partitions", "1");
  }

  /** With group.protocol=consumer the broker, not the client, sets session and heartbeat. */
  private static void putShortGroups(Map<String, String> settings) {
    settings.put("group.initial.rebalance.delay.ms", "0");
    settings.put("group.min.session.timeout.ms", "1000");
    for (String kind : new String[] {"group.consumer.", "group.share."}) {
      settings.put(kind + "min.session.timeout.ms", "1000");
      settings.put(kind + "session.timeout.ms", "6000");
      settings.put(kind + "min.heartbeat.interval.ms", "100");
      settings.put(kind + "heartbeat.interval.ms", "1000");
      settings.put(kind + "assignment.interval.ms", "0");
    }
    settings.put("group.share.min.record.lock.duration.ms", "1000");
  }

  private static void putSmallFootprint(Map<String, String> settings) {
    settings.put("num.network.threads", "2");
    settings.put("num.io.threads", "2");
    settings.put("background.threads", "2");
    settings.put("num.recovery.threads.per.data.dir", "1");
    settings.put("group.coordinator.threads", "1");
    settings.put("group.coordinator.background.threads", "1");
    settings.put("share.coordinator.threads", "1");
    settings.put("log.segment.bytes", Integer.toString(64 << 20));
    settings.put("log.index.size.max.bytes", Integer.toString(1 << 20));
    settings.put("log.preallocate", "false");
    settings.put("log.segment.delete.delay.ms", "1000");
    settings.put("log.cleaner.dedupe.buffer.size", Integer.toString(2 << 20));
    settings.put("controller.quorum.append.linger.ms", "0");
    // Nothing reads JMX here, and two nodes in one JVM would collide there.
    settings.put("metric.reporters", "");
  }
}
