package dev.headrace.worker.loop;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.transport.redis.DeviceRegistry;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/**
 * Finds out whether another worker lives under an id before this one loads its models: that takes
 * minutes, and memory of a device that may be the other's. It spares a start in vain and no more:
 * {@link Claim} is what keeps two workers apart. Called by the thread that starts the worker.
 */
public final class EarlyLook {
  /** Between two looks (chosen, as often as one that waits for its claim). */
  private static final long STEP = TimeUnit.MILLISECONDS.toNanos(250);

  /** Longest wait for a second heartbeat (chosen): a worker that died should not be missed long. */
  private static final Duration LONGEST = Duration.ofSeconds(5);

  private final DeviceRegistry registry;
  private final LongSupplier nanos;
  private final LongConsumer park;

  public EarlyLook(DeviceRegistry registry) {
    this(registry, System::nanoTime, LockSupport::parkNanos);
  }

  EarlyLook(DeviceRegistry registry, LongSupplier nanos, LongConsumer park) {
    this.registry = registry;
    this.nanos = nanos;
    this.park = park;
  }

  /**
   * Returns when no heartbeat has this id, or none followed within two intervals, or Redis does not
   * say.
   *
   * @param interval between two heartbeats
   * @throws FailureException when the sender of one lives
   */
  public void requireFree(String workerId, Duration interval) {
    Duration wait = interval.multipliedBy(2).plusNanos(STEP);
    long until = nanos.getAsLong() + (wait.compareTo(LONGEST) < 0 ? wait : LONGEST).toNanos();
    LifeSigns signs = new LifeSigns();
    Optional<DeviceReport> found = find(workerId);
    while (found.isPresent()) {
      String sentAt = found.get().sentAt().toString();
      if (signs.look(Map.of(workerId, sentAt)).isPresent()) {
        throw new FailureException(
            ErrorCode.INTERNAL_ERROR,
            "worker.id: %s (expected: an id that no other living worker has; one of lane %s has it,"
                    .formatted(workerId, found.get().lane())
                + " and sent a heartbeat at "
                + sentAt
                + ")");
      }
      if (nanos.getAsLong() - until >= 0) {
        return;
      }
      park.accept(STEP);
      found = find(workerId);
    }
  }

  private Optional<DeviceReport> find(String workerId) {
    try {
      return registry.list().stream().filter(r -> r.workerId().equals(workerId)).findFirst();
    } catch (FailureException e) {
      return Optional.empty(); // no work is taken before Redis answers, see Claim
    }
  }
}
