/**
 * The whole pipeline with an engine that does nothing, and the hand-written one it is compared
 * with.
 */
@org.jspecify.annotations.NullMarked
package dev.headrace.bench.pipeline;
