/**
 * Turns the weights of a decoder into a TorchScript model for a given precision and device. Each
 * architecture says which parts it has and how they are connected; the parts (projections, norms,
 * rotary positions, attention over the KV cache) are shared.
 *
 * <p>Called by {@code worker.engine} while it loads a model, on the engine's thread.
 */
@NullMarked
package dev.headrace.worker.model.decoder;

import org.jspecify.annotations.NullMarked;
