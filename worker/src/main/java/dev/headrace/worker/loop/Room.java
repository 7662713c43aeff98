package dev.headrace.worker.loop;

import dev.headrace.worker.device.ServedModel;
import java.util.HashMap;
import java.util.Map;

/**
 * How much work may wait at the device: of each model that generates as much as the limit says, of
 * all others together as much, in equal parts among those that have more. So what one kind of work
 * has queued never keeps the other out.
 */
final class Room {
  private final double limitSeconds;
  private final ModelDesk models;
  private final PrepareDesk desk;
  private final Dispatcher dispatcher;
  private final Turns turns;

  /** Seconds of each model that wait, as counted for this round. */
  private final Map<String, Double> waiting = new HashMap<>();

  private double share;

  Room(
      IntakeConfig config, ModelDesk models, PrepareDesk desk, Dispatcher dispatcher, Turns turns) {
    this.limitSeconds = config.maxQueue().toNanos() / 1e9;
    this.models = models;
    this.desk = desk;
    this.dispatcher = dispatcher;
    this.turns = turns;
  }

  /** Counts anew. */
  void count() {
    waiting.clear();
    int oneShot = 0;
    for (String model : turns.models()) {
      oneShot += generates(model) ? 0 : 1;
    }
    share = limitSeconds / Math.max(1, oneShot);
  }

  /** Whether more of this model may be let in. */
  boolean of(String model) {
    double seconds = waiting.computeIfAbsent(model, this::queued);
    return seconds < (generates(model) ? limitSeconds : share);
  }

  /** So much of it was let in since it was counted. */
  void taken(String model, double seconds) {
    waiting.merge(model, seconds, Double::sum);
  }

  /**
   * Whether some kind of work has nothing waiting, at the device or to be let in, while this worker
   * could do it beside the others: then it is worth reading on past what others have queued.
   */
  boolean hungry() {
    boolean oneShot = false;
    boolean oneShotWaits = false;
    int kinds = 0;
    int waits = 0;
    for (ServedModel model : models.served()) {
      boolean some = turns.holds(model.name()) || queued(model.name()) > 0;
      if (model.concurrency().isEmpty()) {
        oneShot = true;
        oneShotWaits |= some;
      } else {
        kinds++;
        waits += some ? 1 : 0;
      }
    }
    kinds += oneShot ? 1 : 0;
    waits += oneShotWaits ? 1 : 0;
    return kinds > 1 && waits < kinds;
  }

  private boolean generates(String model) {
    ServedModel served = models.here(model);
    return served != null && served.concurrency().isPresent();
  }

  private double queued(String model) {
    return dispatcher.queuedSeconds(model) + desk.seconds(model);
  }
}
