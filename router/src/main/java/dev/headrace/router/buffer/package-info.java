/**
 * The requests that wait for a lane: by tier, earliest deadline first, tiers served in proportion
 * to their shares. Pure; owned by the router's loop.
 */
@org.jspecify.annotations.NullMarked
package dev.headrace.router.buffer;
