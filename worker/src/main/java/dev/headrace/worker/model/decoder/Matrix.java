package dev.headrace.worker.model.decoder;

import dev.headrace.worker.model.weights.Tensor;
import java.util.Optional;

/**
 * The weights of a linear layer.
 *
 * @param weight {@code [out, in]}
 * @param bias {@code [out]}
 */
record Matrix(Tensor weight, Optional<Tensor> bias) {}
