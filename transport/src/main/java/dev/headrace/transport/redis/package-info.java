/**
 * What Headrace keeps in Redis: outcomes, cache, reply streams, heartbeats, crash marks. The only
 * package that imports Jedis; SDK, router and worker use it. Thread-safe; every call is bounded by
 * the configured timeout and fails with STORE_UNAVAILABLE.
 */
@org.jspecify.annotations.NullMarked
package dev.headrace.transport.redis;
