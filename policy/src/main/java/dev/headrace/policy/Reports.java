package dev.headrace.policy;

import dev.headrace.protocol.service.DeviceReport;
import dev.headrace.protocol.service.WorkerState;
import java.util.regex.Pattern;

/** Which heartbeats can be believed. */
public final class Reports {
  /** A lane becomes part of a topic's name, a device type an item of a list in a header. */
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,64}");

  private Reports() {}

  /** Whether the report is no garbage: names that can be used and numbers that are numbers. */
  public static boolean usable(DeviceReport r) {
    return NAME.matcher(r.lane()).matches()
        && NAME.matcher(r.deviceType()).matches()
        && Double.isFinite(r.usdPerHour())
        && r.usdPerHour() >= 0;
  }

  /** Whether the worker takes work. One without a model could do none. */
  public static boolean ready(DeviceReport r) {
    return r.state() == WorkerState.READY && !r.models().isEmpty();
  }
}
