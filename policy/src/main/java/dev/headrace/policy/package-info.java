/**
 * Which device type a request goes to. Pure: records and time in, a decision out; the router's loop
 * calls it, and so may the simulator and the planner, on any thread.
 */
@org.jspecify.annotations.NullMarked
package dev.headrace.policy;
