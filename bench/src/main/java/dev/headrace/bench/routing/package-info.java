/** Measures the router's decisions alone, on one thread; called by the command line. */
@org.jspecify.annotations.NullMarked
package dev.headrace.bench.routing;
