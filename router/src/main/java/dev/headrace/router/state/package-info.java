/**
 * What the router knows of the world: the fleet from heartbeats, the work ahead in each lane from
 * Kafka's lag and from what was just sent. {@code Watch} reads both on the router-watch thread; all
 * else belongs to the router's loop.
 */
@org.jspecify.annotations.NullMarked
package dev.headrace.router.state;
