package dev.headrace.protocol.service;

import java.util.Map;

/**
 * A lane that an operator can start workers for, whether or not there are any now.
 *
 * @param name of the lane
 * @param deviceType of its devices
 * @param usdPerHour price of one of them
 * @param startupSeconds from asking for a worker until it takes work, loading its models included
 * @param models that its workers will serve, as they would report them
 */
public record PlannedLane(
    String name,
    String deviceType,
    double usdPerHour,
    double startupSeconds,
    Map<String, ModelReport> models) {
  public PlannedLane {
    models = Map.copyOf(models);
  }
}
