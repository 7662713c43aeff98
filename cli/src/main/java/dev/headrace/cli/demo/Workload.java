package dev.headrace.cli.demo;

import dev.headrace.protocol.Tier;
import dev.headrace.sdk.Request;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * The demo's requests: passages to embed and to classify over the three tiers; every eighth repeats
 * an earlier one, and one in a hundred is bad. The same seed gives the same requests.
 */
final class Workload {
  private static final String MODEL = "all-minilm-l6-v2";
  private static final double SHARE_REPEATED = 0.125;
  private static final int BAD_EVERY = 100;
  private static final double SHARE_CLASSIFIED = 0.3;

  private static final Map<String, String> LABELS =
      new TreeMap<>(
          Map.of(
              "economy", "the budget, taxes, trade, jobs and prices",
              "war", "the army, the navy, war and defence",
              "law", "courts, justice, crime and legislation",
              "health", "medicine, hospitals and public health",
              "diplomacy", "treaties and relations with foreign governments"));

  /** How long the demo's requests may take by tier, so that a short run has deadlines to meet. */
  private static Duration deadline(Tier tier) {
    return switch (tier) {
      case ECONOMY -> Duration.ofMinutes(2);
      case STANDARD -> Duration.ofSeconds(30);
      case PREMIUM -> Duration.ofSeconds(5);
    };
  }

  /** A request and the tier that it goes to. */
  record Planned(Request request, Tier tier) {}

  private Workload() {}

  /** Makes this many requests. */
  static List<Planned> make(int requests, long seed) throws IOException {
    List<String> passages = Passages.all();
    Random random = new Random(seed);
    List<Planned> planned = new ArrayList<>(requests);
    for (int i = 0; i < requests; i++) {
      Tier tier = tier(random);
      Request request;
      if (isBad(i)) {
        request = bad(i / BAD_EVERY, passages.get(i % passages.size()));
      } else if (i > 0 && random.nextDouble() < SHARE_REPEATED) {
        // Near repeats find the first still in flight, far ones find its result in the cache.
        int back = 1 + random.nextInt(Math.min(i, random.nextBoolean() ? 8 : 1000));
        int earlier = i - back;
        request = planned.get(isBad(earlier) ? Math.max(0, earlier - 1) : earlier).request();
      } else {
        request = good(passages.get(i % passages.size()), random);
      }
      planned.add(new Planned(request.tier(tier).deadline(deadline(tier)), tier));
    }
    return planned;
  }

  private static boolean isBad(int index) {
    return index % BAD_EVERY == BAD_EVERY / 2;
  }

  private static Tier tier(Random random) {
    double x = random.nextDouble();
    return x < 0.5 ? Tier.ECONOMY : x < 0.8 ? Tier.STANDARD : Tier.PREMIUM;
  }

  private static Request good(String passage, Random random) {
    return random.nextDouble() < SHARE_CLASSIFIED
        ? Request.classify(MODEL, LABELS, List.of(passage))
        : Request.embed(MODEL, passage);
  }

  /** Requests that pass the client's checks and fail behind it, each in its own way. */
  private static Request bad(int number, String passage) {
    return switch (number % 3) {
      case 0 -> Request.embed("no-such-model", passage);
      case 1 -> Request.embed(MODEL, passage).dimensions(5000);
      default -> Request.embed("all-minilm-l6-v3", passage);
    };
  }
}
