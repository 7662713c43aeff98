package dev.headrace.worker.model.torchscript;

import dev.headrace.worker.model.weights.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One module of a TorchScript model: a class and what its attributes hold, tensors and further
 * modules. Objects of one class must have the same attributes.
 *
 * <p>An object with {@link #state} is restored by its class's {@code __setstate__}, which gets the
 * tensors as a tuple; it has no other attributes.
 */
public final class ScriptObject {
  private final ScriptClass type;
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();
  private final Map<String, ScriptObject> modules = new LinkedHashMap<>();
  private final List<Tensor> state = new ArrayList<>();

  public ScriptObject(ScriptClass type) {
    this.type = type;
  }

  public ScriptObject tensor(String name, Tensor tensor) {
    tensors.put(name, tensor);
    return this;
  }

  public ScriptObject module(String name, ScriptObject module) {
    modules.put(name, module);
    return this;
  }

  public ScriptObject state(List<Tensor> values) {
    state.addAll(values);
    return this;
  }

  public ScriptClass type() {
    return type;
  }

  Map<String, Tensor> tensors() {
    return Collections.unmodifiableMap(tensors);
  }

  Map<String, ScriptObject> modules() {
    return Collections.unmodifiableMap(modules);
  }

  List<Tensor> state() {
    return Collections.unmodifiableList(state);
  }

  /** The class with the attributes of this object declared, as {@code code/__torch__.py} has it. */
  String source() {
    StringBuilder out = new StringBuilder("class " + type.name() + "(Module):\n");
    // Only parameters move with module.to(device); other attributes would stay on the CPU.
    out.append("  __parameters__ = [");
    tensors.keySet().forEach(name -> out.append('"').append(name).append("\", "));
    out.append("]\n  __buffers__ = []\n");
    type.declarations().lines().forEach(line -> out.append("  ").append(line).append('\n'));
    tensors.keySet().forEach(name -> out.append("  ").append(name).append(" : Tensor\n"));
    modules.forEach(
        (name, module) ->
            out.append("  ")
                .append(name)
                .append(" : ")
                .append(module.type.qualifiedName())
                .append('\n'));
    type.methods().lines().forEach(line -> out.append("  ").append(line).append('\n'));
    return out.toString();
  }
}
