/**
 * Model weights as named tensors, read lazily from files that are not trusted: every length and
 * offset is checked before memory is touched, and pickle is never read.
 *
 * <p>Called by the architectures in {@code model.encoder} while a model is loaded, on the thread
 * that loads it. Nothing here is shared between threads.
 */
@NullMarked
package dev.headrace.worker.model.weights;

import org.jspecify.annotations.NullMarked;
