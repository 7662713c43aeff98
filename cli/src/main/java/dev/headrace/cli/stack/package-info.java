/**
 * The whole of Headrace in one JVM: broker, Redis, router, workers. Used by demo and up, on the
 * main thread; the parts' threads are listed in ARCHITECTURE.md.
 */
@org.jspecify.annotations.NullMarked
package dev.headrace.cli.stack;
