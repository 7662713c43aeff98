/**
 * The requests that wait for a lane: tiers served in proportion to their shares, in each its
 * tenants in proportion to their weights, of each the earliest deadline first. Pure; owned by the
 * router's loop.
 */
@org.jspecify.annotations.NullMarked
package dev.headrace.router.buffer;
