package dev.headrace.transport.redis;

import dev.headrace.protocol.naming.RedisKeys;
import dev.headrace.protocol.service.RouterReport;
import dev.headrace.protocol.service.RouterReportCodec;
import java.util.List;

/** The routers' heartbeats in Redis. */
final class RedisRouterRegistry implements RouterRegistry {
  private final RedisHeartbeats<RouterReport> heartbeats;

  RedisRouterRegistry(RedisLink link, RedisConfig config) {
    this.heartbeats =
        new RedisHeartbeats<>(
            link,
            config,
            new RedisHeartbeats.Kind<>(
                RedisKeys.ROUTERS,
                RedisKeys::router,
                RouterReport::routerId,
                RouterReportCodec::encode,
                RouterReportCodec::decode));
  }

  @Override
  public void publish(RouterReport report) {
    heartbeats.publish(report);
  }

  @Override
  public void remove(String routerId) {
    heartbeats.remove(routerId);
  }

  @Override
  public List<RouterReport> list() {
    return heartbeats.list();
  }
}
