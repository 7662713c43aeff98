package dev.headrace.transport.redis;

import dev.headrace.protocol.naming.RedisKeys;
import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.protocol.service.DeviceReportCodec;

/** The workers' heartbeats in Redis. */
final class RedisDeviceRegistry extends RedisHeartbeats<DeviceReport> implements DeviceRegistry {
  private static final Kind<DeviceReport> KIND =
      new Kind<>(
          RedisKeys.DEVICES,
          RedisKeys::device,
          DeviceReport::workerId,
          DeviceReportCodec::encode,
          DeviceReportCodec::decode);

  RedisDeviceRegistry(RedisLink link, RedisConfig config) {
    super(link, config, KIND);
  }
}
