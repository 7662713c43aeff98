package dev.headrace.router.state;

import java.util.Map;
import java.util.Set;

/** The work topics in Kafka, as the router needs them. Called on the router-watch thread only. */
public interface LaneTopics {
  /**
   * Counts the records in each of these lanes that its workers have not committed. Lanes without a
   * topic are left out. Bounded in time.
   *
   * @throws dev.headrace.protocol.FailureException BROKER_UNAVAILABLE
   */
  Map<String, Long> lag(Set<String> lanes);

  /**
   * Creates the topics of these lanes. Bounded in time.
   *
   * @throws dev.headrace.protocol.FailureException BROKER_UNAVAILABLE, or INTERNAL_ERROR when the
   *     broker refuses
   */
  default void create(Set<String> lanes) {}

  /**
   * Records of the tier topics that no router has committed. Bounded in time.
   *
   * @throws dev.headrace.protocol.FailureException BROKER_UNAVAILABLE
   */
  default long routerLag() {
    return 0;
  }
}
