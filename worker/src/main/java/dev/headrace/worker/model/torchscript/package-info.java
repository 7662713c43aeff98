/**
 * Writes TorchScript archives ({@code .pt}), the form in which libtorch loads a model: the objects
 * as a pickle, the code of their classes as serialised TorchScript, the tensors as raw bytes, in a
 * zip. Format: PyTorch 2.7, {@code torch/csrc/jit/docs/serialization.md}. Pickle is written here
 * and never read.
 *
 * <p>Called by {@code worker.engine} when it loads a model, on the engine's thread; nothing is
 * shared.
 */
@NullMarked
package dev.headrace.worker.model.torchscript;

import org.jspecify.annotations.NullMarked;
