/** Who may use how much: weights and quotas of tenants. Owned by the router's loop. */
@org.jspecify.annotations.NullMarked
package dev.headrace.router.tenant;
