package dev.headrace.router.state;

import dev.headrace.protocol.naming.Topics;
import dev.headrace.transport.kafka.TopicAdmin;
import java.util.Map;
import java.util.Set;

/** The work topics of a real Kafka. */
public final class KafkaLaneTopics implements LaneTopics {
  private final TopicAdmin admin;

  public KafkaLaneTopics(TopicAdmin admin) {
    this.admin = admin;
  }

  @Override
  public Map<String, Long> lag(Set<String> lanes) {
    return admin.lag(lanes);
  }

  @Override
  public void create(Set<String> lanes) {
    admin.ensure(lanes.stream().map(Topics::work).toList());
  }

  @Override
  public long routerLag() {
    return admin.routerLag();
  }
}
