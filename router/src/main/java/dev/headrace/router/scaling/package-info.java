/** What tells an autoscaler how many workers a lane needs. Made by the loop, read by any thread. */
@org.jspecify.annotations.NullMarked
package dev.headrace.router.scaling;
