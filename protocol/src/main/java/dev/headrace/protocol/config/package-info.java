/**
 * Settings: read from defaults, file, environment and command line, checked all at once, and
 * described for the generated documentation. Used at start-up, on the main thread.
 */
@org.jspecify.annotations.NullMarked
package dev.headrace.protocol.config;
