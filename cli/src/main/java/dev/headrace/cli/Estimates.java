package dev.headrace.cli;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.headrace.sdk.Estimate;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Estimates as the command line prints them; null where no worker can run the request. */
final class Estimates {
  private static final JsonMapper MAPPER = new JsonMapper();

  private Estimates() {}

  /** One line for people. */
  static String text(@Nullable Estimate e) {
    return e == null
        ? "nobody: no worker that is ready, and no lane of the routers' fleet file, can run it"
        : String.format(
            Locale.ROOT,
            "%s, starts after %s, result after %s, %.9f USD, %s",
            e.deviceType(),
            span(e.untilStart()),
            span(e.untilResult()),
            e.usd(),
            e.inTime() ? "in time" : "late");
  }

  private static String span(Duration d) {
    return d.compareTo(Duration.ofSeconds(10)) < 0
        ? d.toMillis() + " ms"
        : String.format(Locale.ROOT, "%.1f s", seconds(d));
  }

  /** One line of JSON. */
  static String json(@Nullable Estimate e) {
    ObjectNode root = MAPPER.createObjectNode();
    if (e == null) {
      return root.putNull("device_type").toString();
    }
    return root.put("device_type", e.deviceType())
        .put("start_seconds", seconds(e.untilStart()))
        .put("result_seconds", seconds(e.untilResult()))
        .put("usd", e.usd())
        .put("in_time", e.inTime())
        .toString();
  }

  private static double seconds(Duration d) {
    return d.toNanos() / 1e9;
  }
}
