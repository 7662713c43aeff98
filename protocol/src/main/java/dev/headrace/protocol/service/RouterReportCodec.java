package dev.headrace.protocol.service;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.service.RouterReport.Plan;
import dev.headrace.protocol.service.RouterReport.Waiting;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Routers' heartbeats as a Redis hash: the id, and what waits for each lane as JSON. */
public final class RouterReportCodec {
  private static final JsonMapper MAPPER = new JsonMapper();

  /** Seconds or requests beyond belief (chosen): sums of many such reports still are numbers. */
  private static final double MOST = 1e15;

  private RouterReportCodec() {}

  /** The fields of the hash. */
  public static Map<String, String> encode(RouterReport report) {
    Map<String, String> hash = new LinkedHashMap<>();
    hash.put("router", report.routerId());
    ObjectNode lanes = MAPPER.createObjectNode();
    report
        .waiting()
        .forEach(
            (lane, w) -> {
              ObjectNode node =
                  lanes
                      .putObject(lane)
                      .put("seconds", w.seconds())
                      .put("requests", w.requests())
                      .put("slack_seconds", w.slackSeconds());
              if (!w.tierSeconds().isEmpty()) {
                node.set("tiers", tiers(w.tierSeconds()));
              }
            });
    hash.put("waiting", lanes.toString());
    hash.put("taken", Long.toString(report.taken()));
    Plan plan = report.plan();
    if (plan != null) {
      hash.put("policy", plan.policy());
      hash.put("margin_seconds", Double.toString(plan.marginSeconds()));
      hash.put("fleet", PlannedLanes.encode(plan.lanes()));
      hash.put("shares", tiers(plan.shares()).toString());
    }
    return hash;
  }

  private static ObjectNode tiers(Map<Tier, Double> numbers) {
    ObjectNode node = MAPPER.createObjectNode();
    new TreeMap<>(numbers).forEach((tier, n) -> node.put(tier.wireName(), n));
    return node;
  }

  /** A tier that this version does not know is some newer router's. */
  private static Map<Tier, Double> tiers(JsonNode node) {
    Map<Tier, Double> numbers = new EnumMap<>(Tier.class);
    for (Map.Entry<String, JsonNode> entry : node.properties()) {
      Tier.ofWireName(entry.getKey())
          .ifPresent(t -> numbers.put(t, believable(entry.getKey(), entry.getValue().asDouble())));
    }
    return numbers;
  }

  /** Routers of an older version say nothing of it. */
  private static @Nullable Plan plan(Map<String, String> hash) throws JsonProcessingException {
    String policy = hash.get("policy");
    return policy == null
        ? null
        : new Plan(
            policy,
            Double.parseDouble(hash.getOrDefault("margin_seconds", "0")),
            PlannedLanes.parse(hash.getOrDefault("fleet", "{\"lanes\":{}}")),
            tiers(MAPPER.readTree(hash.getOrDefault("shares", "{}"))));
  }

  private static double believable(String name, double value) {
    if (!(Math.abs(value) <= MOST)) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: at most " + MOST + ")");
    }
    return value;
  }

  /** Reads a hash; empty when it is garbage: a bad heartbeat counts as none. */
  public static Optional<RouterReport> decode(Map<String, String> hash) {
    String id = hash.get("router");
    if (id == null || id.isEmpty()) {
      return Optional.empty();
    }
    Map<String, Waiting> waiting = new HashMap<>();
    try {
      JsonNode lanes = MAPPER.readTree(hash.getOrDefault("waiting", "{}"));
      for (Map.Entry<String, JsonNode> lane : lanes.properties()) {
        JsonNode w = lane.getValue();
        waiting.put(
            lane.getKey(),
            new Waiting(
                believable("seconds", w.path("seconds").asDouble()),
                (long) believable("requests", (double) w.path("requests").asLong()),
                believable("slack_seconds", w.path("slack_seconds").asDouble()),
                tiers(w.path("tiers"))));
      }
      long taken =
          (long) believable("taken", (double) Long.parseLong(hash.getOrDefault("taken", "0")));
      return Optional.of(new RouterReport(id, waiting, taken, plan(hash)));
    } catch (IllegalArgumentException | JsonProcessingException e) {
      return Optional.empty();
    }
  }
}
