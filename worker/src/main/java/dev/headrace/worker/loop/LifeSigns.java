package dev.headrace.worker.loop;

import java.util.Map;
import java.util.Optional;

/**
 * Who lives, by heartbeats that may be those of the dead: a heartbeat stays for a while when its
 * sender is gone, and only one that another follows shows that it is not. What is compared is of
 * one sender each, so clocks may differ. Used on the loop's thread.
 */
final class LifeSigns {
  private Map<String, String> seen = Map.of();

  /** Whether the last look found nobody's heartbeat. */
  boolean none() {
    return seen.isEmpty();
  }

  /** Whether the last look found a heartbeat of this sender. */
  boolean has(String sender) {
    return seen.containsKey(sender);
  }

  /**
   * Looks again.
   *
   * @param sentAt the heartbeats that there are now: by sender, when it was sent, as it says
   * @return one of whom the look before found another heartbeat: it lives
   */
  Optional<String> look(Map<String, String> sentAt) {
    Map<String, String> before = seen;
    seen = Map.copyOf(sentAt);
    return seen.entrySet().stream()
        .filter(now -> !before.getOrDefault(now.getKey(), now.getValue()).equals(now.getValue()))
        .map(Map.Entry::getKey)
        .findFirst();
  }
}
