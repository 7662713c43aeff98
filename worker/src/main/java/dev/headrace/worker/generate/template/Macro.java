package dev.headrace.worker.generate.template;

import dev.headrace.worker.generate.template.Parser.Flow;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code macro}: what it writes is the value of a call. */
record Macro(
    String name, List<String> parameters, List<@Nullable Expression> defaults, Parser.Node body)
    implements Parser.Node {
  @Override
  public Flow render(Run run) {
    Values.Function function =
        (arguments, named) -> {
          run.enter();
          Run inner = run.aside();
          for (int i = 0; i < parameters.size(); i++) {
            String parameter = parameters.get(i);
            Expression otherwise = defaults.get(i);
            if (i < arguments.size()) {
              inner.set(parameter, arguments.get(i));
            } else if (named.containsKey(parameter)) {
              inner.set(parameter, named.get(parameter));
            } else {
              inner.set(parameter, otherwise == null ? Values.UNDEFINED : otherwise.of(inner));
            }
          }
          body.render(inner);
          run.leave();
          return inner.written();
        };
    run.set(name, function);
    return Flow.ON;
  }
}
