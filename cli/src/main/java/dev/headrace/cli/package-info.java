/**
 * The program {@code headrace}: reads the command line, builds what the command needs, starts it,
 * waits. Runs on the main thread.
 */
@org.jspecify.annotations.NullMarked
package dev.headrace.cli;
