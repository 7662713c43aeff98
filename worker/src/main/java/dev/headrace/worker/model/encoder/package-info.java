/**
 * Turns the weights of a Hugging Face encoder into a TorchScript model for a given precision. Each
 * architecture says which parts it has and how they are connected; the parts (linear layers, norms,
 * attention, pooling) are shared.
 *
 * <p>Called by {@code worker.engine} while it loads a model, on the engine's thread.
 */
@NullMarked
package dev.headrace.worker.model.encoder;

import org.jspecify.annotations.NullMarked;
