package dev.headrace.protocol.tenant;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.headrace.protocol.config.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Tenants by name.
 *
 * @param named their terms
 * @param others terms of each tenant that is not named
 */
public record TenantConfig(Map<String, TenantTerms> named, TenantTerms others) {
  /** Without a file: all alike, nobody limited. */
  public static final TenantConfig NONE = new TenantConfig(Map.of(), TenantTerms.FREE);

  private static final JsonMapper MAPPER = new JsonMapper();
  private static final Set<String> FIELDS =
      Set.of(
          "weight", "device_seconds_per_second", "burst_seconds", "waiting_requests", "over_quota");

  public TenantConfig {
    named = Map.copyOf(named);
  }

  public TenantTerms of(String tenant) {
    return named.getOrDefault(tenant, others);
  }

  public static TenantConfig read(Settings s) {
    String key = "router.tenant-file";
    String file =
        s.text(
            key,
            "",
            "a file",
            "JSON file of tenants: weights and quotas; all alike and unlimited if empty.");
    if (file.isEmpty()) {
      return NONE;
    }
    try {
      return parse(Files.readString(Path.of(file)));
    } catch (IOException | IllegalArgumentException e) {
      s.problem(key, file, "a file of tenants; " + e.getMessage(), "settings");
      return NONE;
    }
  }

  /**
   * Reads the file's text: {@code {"tenants":{NAME:{"weight","device_seconds_per_second",
   * "burst_seconds","waiting_requests","over_quota"}},"others":{...}}}; all is optional.
   *
   * @throws IllegalArgumentException naming what is wrong and what was expected
   */
  public static TenantConfig parse(String json) {
    JsonNode root;
    try {
      root = MAPPER.readTree(json);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          "no JSON, " + e.getOriginalMessage() + " (expected: {\"tenants\":{...}})", e);
    }
    require(root.isObject(), "file", root, "{\"tenants\":{...},\"others\":{...}}");
    known("file", root, Set.of("tenants", "others"));
    TenantTerms others =
        root.has("others") ? terms("others", root.path("others")) : TenantTerms.FREE;
    JsonNode tenants = root.path("tenants");
    require(tenants.isObject() || tenants.isMissingNode(), "tenants", tenants, "an object");
    Map<String, TenantTerms> named = new HashMap<>();
    for (Map.Entry<String, JsonNode> tenant : tenants.properties()) {
      named.put(tenant.getKey(), terms("tenants." + tenant.getKey(), tenant.getValue()));
    }
    return new TenantConfig(named, others);
  }

  private static TenantTerms terms(String at, JsonNode node) {
    require(node.isObject(), at, node, "an object");
    known(at, node, FIELDS);
    TenantTerms free = TenantTerms.FREE;
    double rate = positive(node, at, "device_seconds_per_second", free.deviceSecondsPerSecond());
    double burst = Double.isInfinite(rate) ? free.burstSeconds() : rate * TenantTerms.USUAL_BURST;
    JsonNode waiting = node.path("waiting_requests");
    require(
        waiting.isMissingNode() || (waiting.canConvertToInt() && waiting.asInt() >= 1),
        at + ".waiting_requests",
        waiting,
        "a whole number >= 1");
    return new TenantTerms(
        positive(node, at, "weight", free.weight()),
        rate,
        positive(node, at, "burst_seconds", burst),
        waiting.isMissingNode() ? free.waitingRequests() : waiting.asInt(),
        over(node.path("over_quota"), at));
  }

  private static OverQuota over(JsonNode node, String at) {
    for (OverQuota over : OverQuota.values()) {
      if (over.wireName().equals(node.asText(OverQuota.DELAY.wireName()))) {
        return over;
      }
    }
    throw wrong(at + ".over_quota", node, "delay or reject");
  }

  private static double positive(JsonNode node, String at, String field, double absent) {
    JsonNode value = node.path(field);
    if (value.isMissingNode()) {
      return absent;
    }
    boolean good = value.isNumber() && value.asDouble() > 0 && value.asDouble() <= 1e9;
    require(good, at + "." + field, value, "a number > 0, at most 1e9");
    return value.asDouble();
  }

  /** An unknown key is a mistyped one: it would silently limit nobody. */
  private static void known(String at, JsonNode node, Set<String> fields) {
    for (Map.Entry<String, JsonNode> field : node.properties()) {
      require(
          fields.contains(field.getKey()),
          at + "." + field.getKey(),
          field.getValue(),
          "one of " + fields.stream().sorted().toList());
    }
  }

  private static void require(boolean met, String what, @Nullable JsonNode value, String expected) {
    if (!met) {
      throw wrong(what, value, expected);
    }
  }

  private static IllegalArgumentException wrong(
      String what, @Nullable JsonNode value, String expected) {
    return new IllegalArgumentException(what + ": " + value + " (expected: " + expected + ")");
  }

  /** Names for metrics: what is not named would make as many meters as senders please. */
  public String label(String tenant) {
    return named.containsKey(tenant) ? tenant : "others";
  }
}
