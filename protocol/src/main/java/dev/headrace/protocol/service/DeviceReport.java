package dev.headrace.protocol.service;

import java.time.Instant;
import java.util.Map;

/**
 * A worker's heartbeat.
 *
 * @param workerId unique among living workers
 * @param deviceType as {@code cpu-int8} or {@code nvidia-h200}
 * @param lane the pool it belongs to
 * @param group the consumer or share group as which it takes the lane's work; empty when it does
 *     not say
 * @param usdPerHour price of this worker's device
 * @param state where it is in its life
 * @param sentAt the worker's clock
 * @param queuedSeconds work it has taken and not started, in seconds of service
 * @param runningSeconds what remains of the batches it runs, in seconds of service
 * @param memoryFreeBytes of the device
 * @param memoryUnusedBytes of the device, kept by the worker for later and used by nothing; 0 when
 *     unknown
 * @param utilisation share of the last seconds in which the device was busy, 0 to 1
 * @param models by name
 */
public record DeviceReport(
    String workerId,
    String deviceType,
    String lane,
    String group,
    double usdPerHour,
    WorkerState state,
    Instant sentAt,
    double queuedSeconds,
    double runningSeconds,
    long memoryFreeBytes,
    long memoryUnusedBytes,
    double utilisation,
    Map<String, ModelReport> models) {
  public DeviceReport {
    models = Map.copyOf(models);
  }
}
