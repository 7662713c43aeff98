package dev.headrace.transport.kafka;

import java.util.Collection;
import java.util.Map;

/** How much work waits in the lanes' topics. */
public interface LaneBacklog {
  /**
   * Records of each lane's work topic that its workers' group, consumer group or share group, has
   * not done: those that no worker has taken and those that are not acknowledged, less those that
   * are though one before them is not. A lane without topic is left out.
   *
   * @throws dev.headrace.protocol.FailureException BROKER_UNAVAILABLE; calling again is fine
   */
  Map<String, Long> lag(Collection<String> lanes);
}
