/**
 * Brings outcomes, retries and dead letters to where they are safe, and only then lets the record
 * be acknowledged. Router and worker use it, each on its loop thread.
 */
@org.jspecify.annotations.NullMarked
package dev.headrace.transport.delivery;
