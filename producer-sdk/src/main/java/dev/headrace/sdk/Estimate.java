package dev.headrace.sdk;

import java.time.Duration;

/**
 * What a request would come to if it were submitted now, from what workers and routers report and
 * by the router's default policy. Others may submit meanwhile: it is no promise.
 *
 * @param deviceType that would run it
 * @param untilStart until a device gets to it
 * @param untilResult until its result
 * @param usd for the device time that it takes
 * @param inTime whether its deadline would be met, with the margin that the router would leave
 */
public record Estimate(
    String deviceType, Duration untilStart, Duration untilResult, double usd, boolean inTime) {}
