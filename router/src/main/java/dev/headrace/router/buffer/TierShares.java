package dev.headrace.router.buffer;

import dev.headrace.protocol.Tier;
import dev.headrace.protocol.config.Settings;
import java.util.EnumMap;
import java.util.Map;

/**
 * How device time is divided when several tiers wait: in proportion to these numbers. What a tier
 * does not use goes to the others.
 *
 * @param byTier share of each tier, > 0
 */
public record TierShares(Map<Tier, Double> byTier) {
  public TierShares {
    for (Tier tier : Tier.values()) {
      Double share = byTier.get(tier);
      if (share == null || !(share > 0) || share.isInfinite()) {
        throw new IllegalArgumentException(
            "share of " + tier.wireName() + ": " + share + " (expected: > 0)");
      }
    }
    byTier = Map.copyOf(byTier);
  }

  public static TierShares read(Settings s) {
    Map<Tier, Double> shares = new EnumMap<>(Tier.class);
    for (Tier tier : Tier.values()) {
      shares.put(
          tier,
          s.real(
              "router.tier." + tier.wireName() + ".share",
              standard(tier),
              0.001,
              1000,
              "Device time reserved for this tier when all tiers wait, relative to the others."));
    }
    return new TierShares(shares);
  }

  /** Defaults (chosen): even economy keeps a tenth. */
  private static double standard(Tier tier) {
    return switch (tier) {
      case ECONOMY -> 1;
      case STANDARD -> 3;
      case PREMIUM -> 6;
    };
  }

  double of(Tier tier) {
    return byTier.getOrDefault(tier, 1.0);
  }
}
