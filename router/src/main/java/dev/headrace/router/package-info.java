/**
 * The router: takes requests from the tier topics, gives each to the cheapest device type that
 * meets its deadline, and writes the work topics. Started by the CLI and by tests through {@link
 * dev.headrace.router.RouterApp}; the way in from there is {@code RouterLoop.runOnce}.
 */
@org.jspecify.annotations.NullMarked
package dev.headrace.router;
