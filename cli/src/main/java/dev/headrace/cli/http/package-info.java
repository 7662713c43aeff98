/** The small HTTP server of a role: health and metrics. Runs on the JDK's server thread. */
@org.jspecify.annotations.NullMarked
package dev.headrace.cli.http;
