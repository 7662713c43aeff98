package dev.headrace.worker.loop;

import dev.headrace.protocol.service.WorkerState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * How the worker does; what a health check asks.
 *
 * @param state where it is in its life
 * @param turnAt when the loop last came round; one that is old means that it hangs
 * @param storeUp whether Redis answered the last time
 * @param brokerUp whether Kafka answered the last time
 * @param inFlight records taken and not acknowledged
 * @param queuedSeconds work that waits, in seconds of service
 * @param runningSeconds what remains of the work on the device
 * @param utilisation recent share of busy time of the device, 0 to 1
 * @param memoryFreeBytes of the device when it last ran something; 0 when unknown
 * @param memoryUnusedBytes of it kept for later and not used, fragments among it; 0 when unknown
 * @param modelBytes memory of models that come and go; 0 where all stay
 */
public record WorkerHealth(
    WorkerState state,
    Instant turnAt,
    boolean storeUp,
    boolean brokerUp,
    int inFlight,
    double queuedSeconds,
    double runningSeconds,
    double utilisation,
    long memoryFreeBytes,
    long memoryUnusedBytes,
    long modelBytes) {

  /** The loop comes round many times a second; Kafka may hold it up for some (chosen). */
  private static final Duration LONGEST_TURN = Duration.ofSeconds(15);

  /** Before the first turn. */
  public static WorkerHealth starting(Instant now) {
    return new WorkerHealth(WorkerState.LOADING, now, true, true, 0, 0, 0, 0, 0, 0, 0);
  }

  /** Whether the loop has not come round for so long that it hangs. */
  public boolean hangs(Instant now) {
    return turnAt.plus(LONGEST_TURN).isBefore(now);
  }

  /** What is wrong with it, a sentence each. */
  public List<String> troubles(Instant now) {
    List<String> troubles = new ArrayList<>();
    if (state == WorkerState.STALLED) {
      troubles.add("the device, or a preparing thread, has been at the same work for far too long");
    }
    if (hangs(now)) {
      troubles.add("the worker's loop has not come round since " + turnAt);
    }
    if (!storeUp) {
      troubles.add("Redis does not answer");
    }
    if (!brokerUp) {
      troubles.add("Kafka does not answer");
    }
    return troubles;
  }

  /** Whether it takes work and reaches what it needs. */
  public boolean ready() {
    return state == WorkerState.READY && storeUp && brokerUp;
  }
}
