/**
 * Continuous batching: which texts run which of their tokens in the next step of a decoder, what KV
 * memory they may take, whose is taken away, and what is kept for prompts that begin alike. Used by
 * the device's thread; knows no batches, no requests and no libtorch.
 */
@NullMarked
package dev.headrace.worker.generate.schedule;

import org.jspecify.annotations.NullMarked;
