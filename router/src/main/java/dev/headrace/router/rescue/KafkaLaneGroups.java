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
    String id = TopicAdmin.RESCUER;
    String topic = Topics.work(lane);
    NoListener nobody = new NoListener();
    return admin.shared(lane)
        ? new ShareGroupConsumer(
            config, SHARE, config.maxPollRecords(), id, SHARE.group(lane), topic, nobody)
        : new GroupConsumer(config, id, Topics.workGroup(lane), List.of(topic), nobody);
  }

  /** Records of slots that go are known to the consumer as not owned; nothing else is kept. */
  private static final class NoListener implements EventConsumer.Listener {
    @Override
    public void assigned(Collection<Slot> slots) {}

    @Override
    public void revoked(Collection<Slot> slots) {}
  }
}
