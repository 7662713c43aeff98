package dev.headrace.worker.generate.template;

import dev.headrace.worker.generate.template.Parser.Flow;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code set} of one or several names. */
record Assignment(List<String> names, Expression value) implements Parser.Node {
  @Override
  public Flow render(Run run) {
    set(run, names, value.of(run));
    return Flow.ON;
  }

  static void set(Run run, List<String> names, @Nullable Object value) {
    if (names.size() == 1) {
      run.set(names.get(0), value);
      return;
    }
    List<@Nullable Object> parts = Values.items(value);
    if (parts.size() != names.size()) {
      throw new TemplateException(
          "chat template: " + parts.size() + " values (expected: " + names.size() + ")");
    }
    for (int i = 0; i < parts.size(); i++) {
      run.set(names.get(i), parts.get(i));
    }
  }

  /** {@code set} of an attribute of a namespace, the one thing that can be changed from a loop. */
  record ToNamespace(String name, String attribute, Expression value) implements Parser.Node {
    @Override
    public Flow render(Run run) {
      if (!(run.get(name) instanceof Functions.Namespace namespace)) {
        throw new TemplateException("chat template: " + name + " (expected: a namespace)");
      }
      namespace.put(attribute, value.of(run));
      return Flow.ON;
    }
  }
}
