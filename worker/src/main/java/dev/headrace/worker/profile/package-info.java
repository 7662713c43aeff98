/**
 * Measures models on a device: service time by batch, length and precision, and what a precision
 * costs in accuracy. Called by {@code headrace profile}, and by a worker that is to choose its
 * precision before it starts, on one thread.
 */
@NullMarked
package dev.headrace.worker.profile;

import org.jspecify.annotations.NullMarked;
