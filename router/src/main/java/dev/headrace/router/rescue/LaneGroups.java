package dev.headrace.router.rescue;

import dev.headrace.transport.kafka.EventConsumer;
import java.util.Collection;
import java.util.Map;
import java.util.Set;

/** The lanes as Kafka knows them. Called on the router-rescue thread only. */
public interface LaneGroups {
  /**
   * The lanes that have a work topic.
   *
   * @throws dev.headrace.protocol.FailureException BROKER_UNAVAILABLE
   */
  Set<String> lanes();

  /**
   * Records of each lane that its group has not committed.
   *
   * @throws dev.headrace.protocol.FailureException BROKER_UNAVAILABLE
   */
  Map<String, Long> lag(Collection<String> lanes);

  /** A new member of the lane's own group, of whichever kind it is; whoever asked closes it. */
  EventConsumer join(String lane);
}
