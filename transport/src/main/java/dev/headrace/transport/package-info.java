/** Headrace transport. */
@org.jspecify.annotations.NullMarked
package dev.headrace.transport;
