/**
 * The way of a request through the router, step by step: intake, admission, buffer, dispatch, exit.
 * All of it runs on the router-loop thread; {@code RouterLoop.runOnce} is where to start reading.
 */
@org.jspecify.annotations.NullMarked
package dev.headrace.router.loop;
