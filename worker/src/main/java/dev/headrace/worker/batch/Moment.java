package dev.headrace.worker.batch;

/**
 * How things stand when a batch is asked for.
 *
 * @param nowNanos the time
 * @param batchesAhead batches given to the device and not finished
 * @param secondsAhead predicted time until they are
 */
public record Moment(long nowNanos, int batchesAhead, double secondsAhead) {
  /** Nothing is on the device. */
  public boolean idle() {
    return batchesAhead == 0;
  }
}
