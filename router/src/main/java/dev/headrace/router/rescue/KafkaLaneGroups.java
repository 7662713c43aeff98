package dev.headrace.router.rescue;

import dev.headrace.protocol.naming.Topics;
import dev.headrace.transport.kafka.EventConsumer;
import dev.headrace.transport.kafka.GroupConsumer;
import dev.headrace.transport.kafka.KafkaConfig;
import dev.headrace.transport.kafka.LaneIntake;
import dev.headrace.transport.kafka.ShareGroupConsumer;
import dev.headrace.transport.kafka.Slot;
import dev.headrace.transport.kafka.TopicAdmin;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The lanes of a real Kafka. */
public final class KafkaLaneGroups implements LaneGroups {
  /** Records are moved in milliseconds, so one poll at a time will do. */
  private static final LaneIntake SHARE =
      new LaneIntake(LaneIntake.Kind.SHARE, Duration.ofSeconds(30), 1);

  private final KafkaConfig config;
  private final TopicAdmin admin;

  public KafkaLaneGroups(KafkaConfig config, TopicAdmin admin) {
    this.config = config;
    this.admin = admin;
  }

  @Override
  public Set<String> lanes() {
    return admin.lanes();
  }

  @Override
  public Map<String, Long> lag(Collection<String> lanes) {
    return admin.lag(lanes);
  }

  @Override
  public EventConsumer join(String lane) {
    String topic = Topics.work(lane);
    if (admin.shared(lane)) {
      return new ShareGroupConsumer(
          config, SHARE, config.maxPollRecords(), SHARE.group(lane), topic, new NoListener());
    }
    return new GroupConsumer(config, Topics.workGroup(lane), List.of(topic), new NoListener());
  }

  /** Records of slots that go are known to the consumer as not owned; nothing else is kept. */
  private static final class NoListener implements EventConsumer.Listener {
    @Override
    public void assigned(Collection<Slot> slots) {}

    @Override
    public void revoked(Collection<Slot> slots) {}
  }
}
