package dev.headrace.cli.demo;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.headrace.protocol.Status;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What came out of a demo, as a table for people and as JSON for programs.
 *
 * @param tally all requests
 * @param seconds from the first submission to the last outcome
 * @param deadLetters records in the dead-letter topic, by error code
 * @param texts what was generated; null without a model for it
 */
record DemoReport(
    Tally tally,
    double seconds,
    Map<String, Integer> deadLetters,
    DemoTexts.@Nullable Written texts) {
  private static final JsonMapper MAPPER = new JsonMapper();

  String toJson() {
    ObjectNode root = MAPPER.createObjectNode();
    root.put("requests", tally.size());
    root.put("ok", tally.count(Status.OK));
    root.put("failed", tally.count(Status.FAILED));
    root.put("expired", tally.count(Status.EXPIRED));
    root.put("cache_hits", cached("hit"));
    root.put("coalesced", cached("coalesced"));
    root.put("seconds", round(seconds));
    root.put("requests_per_second", round(tally.size() / seconds));
    ObjectNode tiers = root.putObject("tiers");
    tally
        .byTier()
        .forEach(
            (name, g) -> {
              ObjectNode tier = tiers.putObject(name);
              tier.put("requests", g.requests());
              tier.put("p50_ms", round(g.p50Ms()));
              tier.put("p99_ms", round(g.p99Ms()));
              tier.put("deadline_met", round(g.inTime()));
            });
    ObjectNode devices = root.putObject("devices");
    tally
        .byDevice()
        .forEach(
            (name, g) -> {
              ObjectNode device = devices.putObject(name);
              device.put("requests", g.requests());
              device.put("busy_seconds", round(g.busySeconds()));
              device.put("usd", g.usd());
            });
    ObjectNode letters = root.putObject("dead_letters");
    deadLetters.forEach(letters::put);
    if (texts != null) {
      ObjectNode written = root.putObject("texts");
      written.put("requests", texts.requests());
      written.put("ok", texts.ok());
      written.put("tokens", texts.tokens());
      written.put("first", texts.first());
    }
    return root.toString();
  }

  String toTable() {
    StringBuilder t = new StringBuilder();
    line(t, "%n%-12s %9s %9s %10s %10s", "tier", "requests", "in time", "p50 ms", "p99 ms");
    tally
        .byTier()
        .forEach(
            (name, g) ->
                line(
                    t,
                    "%-12s %9d %8.1f%% %10.0f %10.0f",
                    name,
                    g.requests(),
                    100 * g.inTime(),
                    g.p50Ms(),
                    g.p99Ms()));
    line(t, "%n%-12s %9s %9s %10s %10s", "device type", "requests", "busy s", "p50 ms", "USD");
    tally
        .byDevice()
        .forEach(
            (name, g) ->
                line(
                    t,
                    "%-12s %9d %9.2f %10.0f %10.6f",
                    name,
                    g.requests(),
                    g.busySeconds(),
                    g.p50Ms(),
                    g.usd()));
    line(
        t,
        "%n%d requests in %.1f s (%.0f/s): %d ok, %d failed, %d expired",
        tally.size(),
        seconds,
        tally.size() / seconds,
        tally.count(Status.OK),
        tally.count(Status.FAILED),
        tally.count(Status.EXPIRED));
    line(
        t,
        "answered without a device: %d from the cache, %d together with an identical request",
        cached("hit"),
        cached("coalesced"));
    line(
        t,
        "dead letters: %d %s",
        deadLetters.values().stream().mapToInt(n -> n).sum(),
        deadLetters);
    if (texts != null) {
      line(
          t,
          "texts beside it: %d of %d, %d tokens; the first: %s",
          texts.ok(),
          texts.requests(),
          texts.tokens(),
          texts.first());
    }
    return t.toString();
  }

  private int cached(String how) {
    return tally.count(s -> s.cache().equals(how));
  }

  private static double round(double value) {
    return Math.round(value * 1000) / 1000.0;
  }

  private static void line(StringBuilder table, String format, Object... values) {
    table.append(String.format(Locale.ROOT, format, values)).append(System.lineSeparator());
  }
}
