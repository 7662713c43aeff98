package dev.headrace.worker.loop;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.worker.device.Pulse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether the threads that work for the loop come back: the device's from a batch or a step, the
 * preparing ones from a body or a response. One that is gone for too long keeps what the worker has
 * taken; first the worker takes no more, then it ends, for nothing else frees the thread.
 */
public final class HangWatch {
  private static final Logger LOG = LoggerFactory.getLogger(HangWatch.class);

  private final StallWatch device;
  private final List<Pulse> preparing;
  private final List<StallWatch> prepares = new ArrayList<>();
  private final Dispatcher dispatcher;
  private final InFlight inFlight;
  private final CrashWatch crashes;
  private boolean stalled;
  private boolean stuck;

  /** The threads' pulses. */
  public record Pulses(Pulse device, List<Pulse> preparing) {}

  HangWatch(
      Pulses pulses,
      Duration allowed,
      Dispatcher dispatcher,
      InFlight inFlight,
      CrashWatch crashes,
      long nowNanos) {
    this.device = new StallWatch(pulses.device(), allowed, nowNanos);
    this.preparing = pulses.preparing();
    preparing.forEach(p -> prepares.add(new StallWatch(p, allowed, nowNanos)));
    this.dispatcher = dispatcher;
    this.inFlight = inFlight;
    this.crashes = crashes;
  }

  /**
   * Looks at all of them.
   *
   * @return whether this changed what {@link #stalled} says
   * @throws FailureException when one does not come back: only a new process can go on
   */
  boolean look(long nowNanos) {
    device.look(dispatcher.patienceSeconds(), nowNanos);
    StallWatch slowest = device;
    for (int i = 0; i < prepares.size(); i++) {
      StallWatch one = prepares.get(i);
      one.look(0, nowNanos);
      if (one.stuck()) {
        end(preparing.get(i).what(), one);
      }
      slowest = one.stalled() ? one : slowest;
    }
    if (device.stuck()) {
      stuck = true;
      throw lost("the device has been at one batch", device);
    }
    if (slowest.stalled() == stalled) {
      return false;
    }
    stalled = slowest.stalled();
    if (stalled) {
      LOG.warn(
          "{} stalled, no more work is taken seconds={} expected={}",
          slowest == device ? "device" : "preparing thread",
          slowest.seconds(),
          slowest.patienceSeconds());
    } else {
      LOG.info("threads came back");
    }
    return true;
  }

  /** Which request did it is known, so that it alone is under suspicion. */
  private void end(long number, StallWatch watch) {
    Job job = inFlight.get(number);
    if (job != null) {
      crashes.only(Set.of(job.name()));
    }
    stuck = true;
    throw lost("a preparing thread has been at request " + (job == null ? "?" : job.name()), watch);
  }

  private static FailureException lost(String what, StallWatch watch) {
    return new FailureException(
        ErrorCode.DEVICE_LOST,
        String.format(
            Locale.ROOT,
            "%s for %.0f s (expected: %.3g s at most and what worker.batch.stuck-after allows)",
            what,
            watch.seconds(),
            watch.patienceSeconds()));
  }

  /** Whether one has been gone for so long that no more work should be taken. */
  boolean stalled() {
    return stalled;
  }

  /** Whether one will not come back; what it was at is marked. */
  boolean stuck() {
    return stuck;
  }
}
