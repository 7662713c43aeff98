package dev.headrace.cli.demo;

import dev.headrace.protocol.Status;
import dev.headrace.protocol.Tier;

/**
 * One request's end, as the demo counts it.
 *
 * @param tier that it was submitted to
 * @param status how it ended
 * @param deviceType that ran it; empty when none did
 * @param cache {@code miss}, {@code hit}, {@code coalesced}; empty when it failed
 * @param errorCode of a failure; empty otherwise
 * @param latencyMs from submission to the outcome in the client
 * @param inTime whether that was before the deadline
 * @param busySeconds its share of device time
 * @param usd what that costs
 */
record Sample(
    Tier tier,
    Status status,
    String deviceType,
    String cache,
    String errorCode,
    double latencyMs,
    boolean inTime,
    double busySeconds,
    double usd) {}
