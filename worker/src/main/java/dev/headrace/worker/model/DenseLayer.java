package dev.headrace.worker.model;

/**
 * A layer between pooling and vector, {@code activation(W v + b)}, in float32 whatever the model's
 * precision is.
 *
 * @param weights what the names of its weights begin with: {@code 2_Dense/linear}
 * @param in width before it
 * @param out width behind it
 * @param bias whether it has a bias
 * @param activation what follows
 */
public record DenseLayer(String weights, int in, int out, boolean bias, Activation activation) {
  /** What follows the layer. */
  public enum Activation {
    IDENTITY,
    TANH,
    RELU,
    GELU,
    SIGMOID
  }
}
