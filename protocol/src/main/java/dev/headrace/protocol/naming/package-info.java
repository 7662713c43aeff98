/** Names on Kafka and Redis, and the key of a cached result. Pure; used by every program. */
@org.jspecify.annotations.NullMarked
package dev.headrace.protocol.naming;
