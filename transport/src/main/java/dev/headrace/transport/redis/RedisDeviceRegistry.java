package dev.headrace.transport.redis;

import dev.headrace.protocol.naming.RedisKeys;
import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.protocol.service.DeviceReportCodec;
import java.util.List;
import java.util.Optional;

/** The workers' heartbeats in Redis. */
final class RedisDeviceRegistry extends RedisHeartbeats<DeviceReport> implements DeviceRegistry {
  private static final Script RELEASE = Script.load("release");
  private static final Kind<DeviceReport> KIND =
      new Kind<>(
          RedisKeys.DEVICES,
          RedisKeys::device,
          DeviceReport::workerId,
          DeviceReportCodec::encode,
          DeviceReportCodec::decode);

  private final RedisLink link;

  RedisDeviceRegistry(RedisLink link, RedisConfig config) {
    super(link, config, KIND);
    this.link = link;
  }

  @Override
  public Optional<Namesake> claim(DeviceReport report, String instance) {
    List<?> other = Reply.list(send(report, instance));
    return other.size() < 2
        ? Optional.empty()
        : Optional.of(new Namesake(Reply.text(other.get(0)), Reply.text(other.get(1))));
  }

  /** The list may name it a little longer; who reads it looks for the heartbeat. */
  @Override
  public void release(String workerId, String instance) {
    link.run(Call.of(RELEASE, List.of(RedisKeys.device(workerId)), instance)).orThrow();
  }
}
