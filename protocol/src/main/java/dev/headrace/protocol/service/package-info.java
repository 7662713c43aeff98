/**
 * The model of service time and the workers' report about themselves. One implementation for
 * router, batcher, planner and simulator; pure, any thread, except the fitter, which has one owner.
 */
@org.jspecify.annotations.NullMarked
package dev.headrace.protocol.service;
