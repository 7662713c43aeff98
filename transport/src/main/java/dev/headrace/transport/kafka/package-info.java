/**
 * Records in and out of Kafka. The only package that imports the Kafka clients; SDK, router and
 * worker use it. A consumer belongs to the one thread that polls it; producers are shared.
 */
@org.jspecify.annotations.NullMarked
package dev.headrace.transport.kafka;
