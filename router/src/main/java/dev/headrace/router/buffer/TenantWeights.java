package dev.headrace.router.buffer;

/** How device time inside a tier is divided among tenants that wait, in proportion. */
public interface TenantWeights {
  /** All alike. */
  TenantWeights EQUAL = tenant -> 1;

  /** The tenant's weight, > 0. */
  double of(String tenant);
}
