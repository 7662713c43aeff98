package dev.headrace.worker.model.weights;

import java.io.IOException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The weights of an ONNX file that was exported from a Hugging Face encoder, under their Hugging
 * Face names.
 *
 * <p>Exporters keep the names of biases, norms and embeddings, but fold the transpose of each
 * linear layer into an anonymous initialiser: {@code onnx::MatMul_1234 [in, out]}. Its name is
 * found through the graph: the {@code MatMul} that uses it feeds an {@code Add} with the
 * initialiser {@code x.bias}; so it is {@code x.weight}, transposed.
 *
 * <p>Only weights inside the file are read; data in other files is refused.
 */
public final class OnnxWeights implements WeightSource {
  private final Map<String, Tensor> initialisers;
  private final Map<String, String> anonymous;

  private OnnxWeights(Map<String, Tensor> initialisers, Map<String, String> anonymous) {
    this.initialisers = initialisers;
    this.anonymous = anonymous;
  }

  public static OnnxWeights read(ByteRegion file) throws MalformedModelException {
    OnnxGraph graph = OnnxGraph.read(file);
    return new OnnxWeights(graph.initialisers(), nameAnonymous(graph));
  }

  /** {@code x.weight} to the initialiser that holds it transposed. */
  private static Map<String, String> nameAnonymous(OnnxGraph graph) {
    Map<String, String> weightOfOutput = new LinkedHashMap<>();
    for (OnnxGraph.Node node : graph.nodes()) {
      if (node.type().equals("MatMul") && node.inputs().size() == 2 && !node.outputs().isEmpty()) {
        Tensor weight = graph.initialisers().get(node.inputs().get(1));
        if (weight != null && weight.rank() == 2 && weight.type().isFloat()) {
          weightOfOutput.put(node.outputs().get(0), node.inputs().get(1));
        }
      }
    }
    Map<String, String> names = new LinkedHashMap<>();
    for (OnnxGraph.Node node : graph.nodes()) {
      if (!node.type().equals("Add") || node.inputs().size() != 2) {
        continue;
      }
      nameThroughAdd(graph, weightOfOutput, node.inputs().get(0), node.inputs().get(1), names);
      nameThroughAdd(graph, weightOfOutput, node.inputs().get(1), node.inputs().get(0), names);
    }
    return names;
  }

  private static void nameThroughAdd(
      OnnxGraph graph,
      Map<String, String> weightOfOutput,
      String bias,
      String product,
      Map<String, String> names) {
    String initialiser = weightOfOutput.get(product);
    if (initialiser != null && bias.endsWith(".bias") && graph.initialisers().containsKey(bias)) {
      String stem = bias.substring(0, bias.length() - ".bias".length());
      names.putIfAbsent(stem + ".weight", initialiser);
    }
  }

  @Override
  public Set<String> names() {
    Set<String> names = new TreeSet<>(initialisers.keySet());
    names.removeAll(anonymous.values());
    names.addAll(anonymous.keySet());
    return Collections.unmodifiableSet(names);
  }

  @Override
  public Optional<Tensor> find(String name) throws IOException {
    Tensor named = initialisers.get(name);
    if (named != null) {
      return Optional.of(named);
    }
    Tensor weight = initialisers.get(anonymous.getOrDefault(name, ""));
    return weight == null ? Optional.empty() : Optional.of(Tensors.transposed(weight));
  }

  /** The mapping of the file goes with the garbage collector; there is nothing to close. */
  @Override
  public void close() {}
}
