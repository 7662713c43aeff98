package dev.headrace.cli;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** What the commands of the production roles share. */
final class Roles {
  private static final Duration STEP = Duration.ofMillis(200);
  private static final JsonMapper MAPPER = new JsonMapper();

  private Roles() {}

  /** Something that ends some time. */
  interface Ending {
    /** Waits for the end; false when the time is over first. */
    boolean await(Duration timeout) throws InterruptedException;
  }

  /** Waits until the process shall end or the role ends by itself. */
  static void awaitEnd(Termination termination, Ending role) throws InterruptedException {
    boolean ended = false;
    while (!termination.requested() && !ended) {
      ended = role.await(STEP);
    }
  }

  static String json(String status, List<String> reasons) {
    return MAPPER.valueToTree(Map.of("status", status, "reasons", reasons)).toString();
  }
}
