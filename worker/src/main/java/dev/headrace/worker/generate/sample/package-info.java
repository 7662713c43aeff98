/**
 * The next token from a row of logits: penalties, temperature, top-k, top-p, min-p, a random draw
 * that depends on nothing but the request's seed and the position, and log probabilities. Pure
 * Java; used by the device's thread. A {@link dev.headrace.worker.generate.sample.Sampler} has
 * scratch memory of the vocabulary's size and belongs to one thread.
 */
@NullMarked
package dev.headrace.worker.generate.sample;

import org.jspecify.annotations.NullMarked;
