package dev.headrace.transport.redis;

import dev.headrace.protocol.naming.RedisKeys;
import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.protocol.service.DeviceReportCodec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Protocol.Command;

/**
 * Heartbeats as hashes that expire, and a list of the workers' ids. The hash's own time to live
 * decides whether a worker lives: it runs by one clock, the server's.
 */
final class RedisDeviceRegistry implements DeviceRegistry {
  private static final Logger LOG = LoggerFactory.getLogger(RedisDeviceRegistry.class);
  private static final Script HEARTBEAT = Script.load("heartbeat");
  private static final Script ENLIST = Script.load("enlist");

  private final RedisLink link;
  private final RedisConfig config;

  RedisDeviceRegistry(RedisLink link, RedisConfig config) {
    this.link = link;
    this.config = config;
  }

  @Override
  public void publish(DeviceReport report) {
    String worker = report.workerId();
    long ttl = config.heartbeatTtl().toMillis();
    List<String> fields = new ArrayList<>();
    DeviceReportCodec.encode(report).forEach((k, v) -> fields.addAll(List.of(k, v)));
    link.run(
            List.of(
                Call.ofAll(HEARTBEAT, List.of(RedisKeys.device(worker)), ttl, fields),
                Call.of(ENLIST, List.of(RedisKeys.DEVICES), worker, ttl)))
        .forEach(Reply::orThrow);
  }

  @Override
  public void remove(String workerId) {
    link.run(
            List.of(
                Call.of(Command.DEL, RedisKeys.device(workerId)),
                Call.of(Command.ZREM, RedisKeys.DEVICES, workerId)))
        .forEach(Reply::orThrow);
  }

  @Override
  public List<DeviceReport> list() {
    List<String> workers =
        Reply.list(link.run(Call.of(Command.ZRANGE, RedisKeys.DEVICES, 0, -1)).orThrow()).stream()
            .map(Reply::text)
            .toList();
    List<Reply> replies =
        link.run(workers.stream().map(w -> Call.of(Command.HGETALL, RedisKeys.device(w))).toList());
    List<DeviceReport> reports = new ArrayList<>(workers.size());
    for (int i = 0; i < workers.size(); i++) {
      report(workers.get(i), replies.get(i)).ifPresent(reports::add);
    }
    return reports;
  }

  private static Optional<DeviceReport> report(String worker, Reply reply) {
    List<?> fields = Reply.list(reply.value());
    if (reply.error() == null && fields.isEmpty()) {
      return Optional.empty(); // silent for longer than the time to live
    }
    Map<String, String> hash = new HashMap<>();
    for (int i = 0; i + 1 < fields.size(); i += 2) {
      hash.put(Reply.text(fields.get(i)), Reply.text(fields.get(i + 1)));
    }
    Optional<DeviceReport> report = DeviceReportCodec.decode(hash);
    if (report.isEmpty()) {
      LOG.warn("heartbeat not decoded worker={}", worker);
    }
    return report;
  }
}
