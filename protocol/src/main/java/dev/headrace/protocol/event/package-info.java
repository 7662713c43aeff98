/**
 * Requests and outcomes as CloudEvents in Kafka's binary binding, and dead letters with Spring
 * Kafka's headers. Knows headers and bytes, not the Kafka client; pure, any thread.
 */
@org.jspecify.annotations.NullMarked
package dev.headrace.protocol.event;
