package dev.headrace.router.tenant;

import dev.headrace.protocol.tenant.TenantConfig;
import dev.headrace.protocol.tenant.TenantTerms;
import dev.headrace.router.buffer.TenantWeights;
import java.util.HashMap;
import java.util.Map;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;

/**
 * What each tenant has used. A rate is kept by a bucket of device seconds that fills with time: a
 * request may go while it is above zero and then takes what it costs, so the last one may go below.
 * Routers share the partitions of a tier evenly, so each keeps its part of the rate.
 */
public final class Tenants implements TenantWeights {
  /** Buckets that are kept; beyond that full ones are forgotten (chosen). */
  private static final int MANY = 10_000;

  private final TenantConfig config;
  private final LongSupplier nanos;
  private final IntSupplier routers;
  private final Map<String, Bucket> buckets = new HashMap<>();

  private static final class Bucket {
    private double seconds;
    private long atNanos;
  }

  /**
   * Nobody has used anything.
   *
   * @param routers that share the work, this one included
   */
  public Tenants(TenantConfig config, LongSupplier nanos, IntSupplier routers) {
    this.config = config;
    this.nanos = nanos;
    this.routers = routers;
  }

  @Override
  public double of(String tenant) {
    return config.of(tenant).weight();
  }

  public TenantTerms terms(String tenant) {
    return config.of(tenant);
  }

  /** Its name in metrics: tenants that are not configured share one. */
  public String label(String tenant) {
    return config.label(tenant);
  }

  /** Whether it has device time left. */
  public boolean mayRun(String tenant) {
    TenantTerms terms = config.of(tenant);
    return !terms.limitsRate() || filled(tenant, terms).seconds > 0;
  }

  /** One of its requests was sent. */
  public void charge(String tenant, double seconds) {
    TenantTerms terms = config.of(tenant);
    if (terms.limitsRate()) {
      filled(tenant, terms).seconds -= seconds;
    }
  }

  private Bucket filled(String tenant, TenantTerms terms) {
    long now = nanos.getAsLong();
    int parts = Math.max(1, routers.getAsInt());
    double full = terms.burstSeconds() / parts;
    Bucket bucket = buckets.get(tenant);
    if (bucket == null) {
      forgetFull(now, parts);
      bucket = new Bucket();
      bucket.seconds = full;
      buckets.put(tenant, bucket);
    } else {
      bucket.seconds = level(bucket, terms, now, parts);
    }
    bucket.atNanos = now;
    return bucket;
  }

  private static double level(Bucket bucket, TenantTerms terms, long now, int parts) {
    double flown = (now - bucket.atNanos) * 1e-9 * terms.deviceSecondsPerSecond() / parts;
    return Math.min(terms.burstSeconds() / parts, bucket.seconds + flown);
  }

  /** A bucket that is full is as good as none. */
  private void forgetFull(long now, int parts) {
    if (buckets.size() < MANY) {
      return;
    }
    buckets
        .entrySet()
        .removeIf(
            e -> {
              TenantTerms terms = config.of(e.getKey());
              return level(e.getValue(), terms, now, parts) >= terms.burstSeconds() / parts;
            });
  }
}
