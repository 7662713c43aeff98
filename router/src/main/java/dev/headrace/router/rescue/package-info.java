/**
 * Moves on the records of lanes that have lost all their workers. Runs on a thread of its own,
 * {@code router-rescue}, and shares nothing with the loop but the Kafka producer.
 */
@org.jspecify.annotations.NullMarked
package dev.headrace.router.rescue;
