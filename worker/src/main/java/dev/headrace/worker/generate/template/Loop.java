package dev.headrace.worker.generate.template;

import dev.headrace.worker.generate.template.Parser.Flow;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@code for}, with a condition and an {@code else}. */
record Loop(
    List<String> names,
    Expression over,
    @Nullable Expression only,
    Parser.Node body,
    Parser.@Nullable Node otherwise)
    implements Parser.Node {

  @Override
  public Flow render(Run run) {
    List<@Nullable Object> items = items(run);
    if (items.isEmpty() && otherwise != null) {
      return otherwise.render(run);
    }
    for (int i = 0; i < items.size(); i++) {
      Run inner = run.inner();
      inner.work(1);
      Assignment.set(inner, names, items.get(i));
      inner.set("loop", loop(items, i));
      if (body.render(inner) == Flow.BREAK) {
        break;
      }
    }
    return Flow.ON;
  }

  private List<@Nullable Object> items(Run run) {
    List<@Nullable Object> all = Values.items(over.of(run));
    run.work(all.size());
    if (only == null) {
      return all;
    }
    List<@Nullable Object> kept = new ArrayList<>();
    for (Object item : all) {
      Run inner = run.inner();
      Assignment.set(inner, names, item);
      if (Values.truth(only.of(inner))) {
        kept.add(item);
      }
    }
    return kept;
  }

  private static Map<String, @Nullable Object> loop(List<@Nullable Object> items, int i) {
    long size = items.size();
    Map<String, @Nullable Object> loop = new HashMap<>();
    loop.put("index", i + 1L);
    loop.put("index0", (long) i);
    loop.put("revindex", size - i);
    loop.put("revindex0", size - i - 1);
    loop.put("first", i == 0);
    loop.put("last", i == size - 1);
    loop.put("length", size);
    loop.put("previtem", i > 0 ? items.get(i - 1) : Values.UNDEFINED);
    loop.put("nextitem", i < size - 1 ? items.get(i + 1) : Values.UNDEFINED);
    return loop;
  }
}
