package dev.headrace.worker.model.decoder;

import dev.headrace.worker.model.weights.Tensor;
import java.util.Optional;

/**
 * A norm over the last dimension: a layer norm where there is a bias, else a root mean square norm
 * (arXiv 1910.07467).
 *
 * @param weight {@code [width]}
 * @param bias {@code [width]}
 */
record Norm(Tensor weight, Optional<Tensor> bias, double epsilon) {
  /**
   * TorchScript that norms {@code x}, given the attributes {@code g} and, with a bias, {@code h}.
   */
  String source() {
    return bias.isPresent()
        ? "torch.layer_norm(x, [%d], self.g, self.h, %s)".formatted(weight.size(0), epsilon)
        : "torch.rms_norm(x, [%d], self.g, %s)".formatted(weight.size(0), epsilon);
  }
}
