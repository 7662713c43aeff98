package dev.headrace.transport.redis;

import dev.headrace.protocol.naming.RedisKeys;
import dev.headrace.protocol.service.RouterReport;
import dev.headrace.protocol.service.RouterReportCodec;

/** The routers' heartbeats in Redis. */
final class RedisRouterRegistry extends RedisHeartbeats<RouterReport> implements RouterRegistry {
  private static final Kind<RouterReport> KIND =
      new Kind<>(
          RedisKeys.ROUTERS,
          RedisKeys::router,
          RouterReport::routerId,
          RouterReportCodec::encode,
          RouterReportCodec::decode);

  RedisRouterRegistry(RedisLink link, RedisConfig config) {
    super(link, config, KIND);
  }
}
