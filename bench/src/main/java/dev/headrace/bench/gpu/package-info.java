/**
 * {@code headrace bench gpu}: encoders on a GPU beside what the device can do at most and beside
 * PyTorch, in one run. Called by the command line, on its thread.
 */
@NullMarked
package dev.headrace.bench.gpu;

import org.jspecify.annotations.NullMarked;
