package dev.headrace.protocol.tenant;

/**
 * What a tenant may use.
 *
 * @param weight of its requests inside a tier, relative to other tenants that wait there
 * @param deviceSecondsPerSecond device time that it may use on average, over all routers; infinite
 *     for no limit
 * @param burstSeconds device time that it may use at once after it was idle
 * @param waitingRequests of it that one router keeps at most
 * @param over what becomes of more than that
 */
public record TenantTerms(
    double weight,
    double deviceSecondsPerSecond,
    double burstSeconds,
    int waitingRequests,
    OverQuota over) {
  /** One like others, without a quota. */
  public static final TenantTerms FREE =
      new TenantTerms(1, Double.POSITIVE_INFINITY, 0, Integer.MAX_VALUE, OverQuota.DELAY);

  /** Seconds of its rate that a tenant may use at once when its file says nothing (chosen). */
  static final double USUAL_BURST = 10;

  /** Whether its device time is limited. */
  public boolean limitsRate() {
    return !Double.isInfinite(deviceSecondsPerSecond);
  }
}
