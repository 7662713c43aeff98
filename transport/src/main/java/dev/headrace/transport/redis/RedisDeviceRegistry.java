package dev.headrace.transport.redis;

import dev.headrace.protocol.naming.RedisKeys;
import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.protocol.service.DeviceReportCodec;
import java.util.List;

/** The workers' heartbeats in Redis. */
final class RedisDeviceRegistry implements DeviceRegistry {
  private final RedisHeartbeats<DeviceReport> heartbeats;

  RedisDeviceRegistry(RedisLink link, RedisConfig config) {
    this.heartbeats =
        new RedisHeartbeats<>(
            link,
            config,
            new RedisHeartbeats.Kind<>(
                RedisKeys.DEVICES,
                RedisKeys::device,
                DeviceReport::workerId,
                DeviceReportCodec::encode,
                DeviceReportCodec::decode));
  }

  @Override
  public void publish(DeviceReport report) {
    heartbeats.publish(report);
  }

  @Override
  public void remove(String workerId) {
    heartbeats.remove(workerId);
  }

  @Override
  public List<DeviceReport> list() {
    return heartbeats.list();
  }
}
