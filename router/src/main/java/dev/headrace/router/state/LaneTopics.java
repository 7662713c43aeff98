package dev.headrace.router.state;

import java.util.Map;
import java.util.Set;

/** The work topics in Kafka, as the router needs them. Called on the router-watch thread only. */
public interface LaneTopics {
  /**
   * Makes sure that these lanes' topics exist and counts the records in each that their workers
   * have not committed. Lanes whose topic cannot be had are left out. Bounded in time.
   *
   * @throws dev.headrace.protocol.FailureException BROKER_UNAVAILABLE
   */
  Map<String, Long> lag(Set<String> lanes);

  /**
   * Records of the tier topics that no router has committed. Bounded in time.
   *
   * @throws dev.headrace.protocol.FailureException BROKER_UNAVAILABLE
   */
  default long routerLag() {
    return 0;
  }
}
