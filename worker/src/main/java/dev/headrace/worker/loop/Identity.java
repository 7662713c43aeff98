package dev.headrace.worker.loop;

/**
 * Who this worker is.
 *
 * @param workerId unique among living workers
 * @param deviceType as {@code cpu-int8}
 * @param lane the pool it works for
 * @param usdPerHour price of its device
 */
public record Identity(String workerId, String deviceType, String lane, double usdPerHour) {
  /** How outcomes name it. */
  String source() {
    return "/headrace/workers/" + workerId;
  }
}
