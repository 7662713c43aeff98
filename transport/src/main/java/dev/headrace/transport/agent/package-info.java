/**
 * A loop that does work and the thread that runs it (the pattern is Agrona's). Router and worker
 * run their loops here.
 */
@org.jspecify.annotations.NullMarked
package dev.headrace.transport.agent;
