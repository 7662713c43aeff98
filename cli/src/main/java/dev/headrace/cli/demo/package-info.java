/**
 * The demo: real passages through the whole of Headrace, with repeated and bad requests among them,
 * and a report of what came out. Runs on the main thread; results arrive on the SDK's.
 */
@org.jspecify.annotations.NullMarked
package dev.headrace.cli.demo;
