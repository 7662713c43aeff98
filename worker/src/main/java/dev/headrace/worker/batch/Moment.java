package dev.headrace.worker.batch;

/**
 * How things stand when a batch is asked for.
 *
 * @param nowNanos the time
 * @param batchesAhead batches given to the device and not finished; not those of models that work
 *     by iterations, which share the device with the others
 * @param secondsAhead predicted time until they are
 * @param empty whether nothing at all is on the device
 */
public record Moment(long nowNanos, int batchesAhead, double secondsAhead, boolean empty) {
  /** A device that has no models that work by iterations. */
  public Moment(long nowNanos, int batchesAhead, double secondsAhead) {
    this(nowNanos, batchesAhead, secondsAhead, batchesAhead == 0);
  }

  /** No batch is on the device. */
  public boolean idle() {
    return batchesAhead == 0;
  }
}
