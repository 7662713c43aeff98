package dev.headrace.router.state;

import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.protocol.service.RouterReport;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One look at the world.
 *
 * @param askedAtNanos when the loop asked for it
 * @param marks seconds of work that were in each lane's topic for certain by then, counted from the
 *     start of this router
 * @param reports the heartbeats, null when Redis did not answer
 * @param others the heartbeats of the other routers, null when Redis did not answer
 * @param lag records by lane, null when Kafka did not answer
 * @param gone lanes that were counted, and have neither workers nor a topic any more
 * @param routerLag records of the tier topics that no router has committed, null when Kafka did not
 *     answer
 */
record Reading(
    long askedAtNanos,
    Map<String, Double> marks,
    @Nullable List<DeviceReport> reports,
    @Nullable List<RouterReport> others,
    @Nullable Map<String, Long> lag,
    Set<String> gone,
    @Nullable Long routerLag) {}
