package dev.headrace.worker.model.weights;

import java.io.Closeable;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;

/**
 * The weights of one model under their Hugging Face names, such as {@code
 * encoder.layer.0.attention.self.query.weight [out, in]}.
 */
public interface WeightSource extends Closeable {
  Set<String> names();

  Optional<Tensor> find(String name) throws IOException;

  /** The named tensor, which must have this shape; -1 stands for any size. */
  default Tensor require(String name, long... shape) throws IOException {
    Tensor tensor =
        find(name)
            .orElseThrow(
                () ->
                    new MalformedModelException("tensor: " + name + " is missing from the model"));
    boolean fits = tensor.rank() == shape.length && tensor.type().isFloat();
    for (int i = 0; fits && i < shape.length; i++) {
      fits = shape[i] == -1 || shape[i] == tensor.size(i);
    }
    if (!fits) {
      throw new MalformedModelException(
          "tensor: "
              + name
              + " is "
              + tensor
              + " (expected: floats of "
              + Arrays.toString(shape)
              + ")");
    }
    return tensor;
  }

  @Override
  void close() throws IOException;
}
