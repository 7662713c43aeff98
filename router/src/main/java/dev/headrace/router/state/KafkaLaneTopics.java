package dev.headrace.router.state;

import dev.headrace.protocol.naming.Topics;
import dev.headrace.transport.kafka.TopicAdmin;
import java.util.Map;
import java.util.Set;

/** The work topics of a real Kafka; a missing one is created, and open at the next reading. */
public final class KafkaLaneTopics implements LaneTopics {
  private final TopicAdmin admin;

  public KafkaLaneTopics(TopicAdmin admin) {
    this.admin = admin;
  }

  @Override
  public Map<String, Long> lag(Set<String> lanes) {
    Map<String, Long> lag = admin.lag(lanes);
    if (lag.keySet().containsAll(lanes)) {
      return lag;
    }
    admin.ensure(lanes.stream().filter(lane -> !lag.containsKey(lane)).map(Topics::work).toList());
    return lag;
  }

  @Override
  public long routerLag() {
    return admin.routerLag();
  }
}
