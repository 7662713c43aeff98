/** Headrace bench. */
@org.jspecify.annotations.NullMarked
package dev.headrace.bench;
