/**
 * Benchmarks: each measures Headrace beside what a user would pick instead, in the same run. Run by
 * {@code headrace bench NAME} on the main thread.
 */
@org.jspecify.annotations.NullMarked
package dev.headrace.bench;
