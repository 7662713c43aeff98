package dev.headrace.worker.generate.template;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What follows {@code |}. */
final class Filters {
  private static final Set<String> NAMES =
      Set.of(
          "trim",
          "upper",
          "lower",
          "title",
          "capitalize",
          "length",
          "count",
          "tojson",
          "join",
          "first",
          "last",
          "default",
          "d",
          "replace",
          "list",
          "string",
          "int",
          "float",
          "abs",
          "items",
          "dictsort",
          "map",
          "select",
          "reject",
          "selectattr",
          "rejectattr",
          "sort",
          "unique",
          "reverse",
          "safe",
          "indent",
          "min",
          "max",
          "sum");

  private Filters() {}

  static void require(String name) {
    if (!NAMES.contains(name)) {
      throw new TemplateException("chat template: filter " + name + " is not supported");
    }
  }

  static @Nullable Object apply(
      String name,
      @Nullable Object value,
      List<@Nullable Object> arguments,
      Map<String, @Nullable Object> named,
      Run run) {
    run.work(value instanceof String s ? s.length() : value instanceof List<?> l ? l.size() : 1);
    return switch (name) {
      case "trim" -> Methods.strip(Values.text(value), null, true, true);
      case "upper" -> Values.text(value).toUpperCase(Locale.ROOT);
      case "lower" -> Values.text(value).toLowerCase(Locale.ROOT);
      case "title" -> Methods.title(Values.text(value));
      case "capitalize" -> Methods.capitalized(Values.text(value));
      case "safe", "string" -> Values.text(value);
      case "length", "count" -> length(value);
      case "tojson" -> json(value, argument(arguments, named, 0, "indent"), run);
      case "join" -> join(value, text(argument(arguments, named, 0, "d")), run);
      case "first" -> Operators.item(Values.items(value), 0L);
      case "last" -> Operators.item(Values.items(value), -1L);
      case "default", "d" -> {
        boolean falseToo = Values.truth(argument(arguments, named, 1, "boolean"));
        boolean missing = value == Values.UNDEFINED || (falseToo && !Values.truth(value));
        yield missing ? (arguments.isEmpty() ? "" : arguments.get(0)) : value;
      }
      case "replace" ->
          Methods.replaced(
              Values.text(value),
              Values.text(arguments.get(0)),
              Values.text(arguments.get(1)),
              run);
      case "int", "float" -> number(name, value);
      case "abs" -> value instanceof Long n ? (Object) Math.abs(n) : Math.abs(Values.number(value));
      case "indent" -> indented(Values.text(value), arguments, named, run);
      default -> ofMany(name, value, arguments, named, run);
    };
  }

  private static @Nullable Object ofMany(
      String name,
      @Nullable Object value,
      List<@Nullable Object> arguments,
      Map<String, @Nullable Object> named,
      Run run) {
    if (value instanceof Map<?, ?> map) {
      if (name.equals("items")) {
        return entries(map);
      }
      if (name.equals("dictsort")) {
        List<@Nullable Object> entries = entries(map);
        entries.sort(
            (a, b) ->
                Values.text(((List<?>) a).get(0))
                    .compareToIgnoreCase(Values.text(((List<?>) b).get(0))));
        return entries;
      }
    }
    // Jinja's own: these filters take none for an empty list, though a loop over none is an error.
    List<@Nullable Object> items =
        value == null && (name.startsWith("select") || name.startsWith("reject"))
            ? new ArrayList<>()
            : Values.items(value);
    run.work(16L * items.size());
    switch (name) {
      case "map" -> items.replaceAll(item -> mapped(item, arguments, named, run));
      case "select", "reject" ->
          items.removeIf(item -> tested(item, arguments, 0) != name.equals("select"));
      case "selectattr", "rejectattr" -> {
        String attribute = Values.string(arguments.get(0));
        items.removeIf(
            item -> tested(attribute(item, attribute), arguments, 1) != name.equals("selectattr"));
      }
      case "sort" -> {
        Object by = named.get("attribute");
        items.sort(
            (a, b) ->
                by == null
                    ? Values.compare(a, b)
                    : Values.compare(
                        attribute(a, Values.string(by)), attribute(b, Values.string(by))));
        if (Values.truth(argument(arguments, named, 0, "reverse"))) {
          Collections.reverse(items);
        }
      }
      case "unique" -> {
        List<@Nullable Object> seen = new ArrayList<>();
        for (Object item : items) {
          run.work(seen.size());
          if (seen.stream().noneMatch(s -> Values.equal(s, item))) {
            seen.add(item);
          }
        }
        return seen;
      }
      case "reverse" -> {
        Collections.reverse(items);
        return value instanceof String ? join(items, "", run) : items;
      }
      case "min", "max" -> {
        return items.isEmpty()
            ? Values.UNDEFINED
            : name.equals("min")
                ? Collections.min(items, Values::compare)
                : Collections.max(items, Values::compare);
      }
      case "sum" -> {
        Object sum = 0L;
        for (Object item : items) {
          sum = Operators.arithmetic("+", sum, item, run);
        }
        return sum;
      }
      default -> {}
    }
    return items;
  }

  private static @Nullable Object argument(
      List<@Nullable Object> arguments, Map<String, @Nullable Object> named, int at, String name) {
    return at < arguments.size() ? arguments.get(at) : named.get(name);
  }

  private static String text(@Nullable Object value) {
    return value == null ? "" : Values.text(value);
  }

  private static long length(@Nullable Object value) {
    if (value instanceof String s) {
      return s.codePointCount(0, s.length());
    }
    return value instanceof Map<?, ?> map ? map.size() : Values.items(value).size();
  }

  private static String json(@Nullable Object value, @Nullable Object indent, Run run) {
    String json = Json.of(value, indent == null ? -1 : Math.min(16, Values.integer(indent)));
    run.work(json.length());
    return json;
  }

  static String join(@Nullable Object value, String by, Run run) {
    StringBuilder text = new StringBuilder();
    for (Object item : Values.items(value)) {
      if (!text.isEmpty()) {
        text.append(by);
      }
      text.append(Values.text(item));
    }
    run.work(text.length());
    return text.toString();
  }

  private static Object number(String name, @Nullable Object value) {
    try {
      double number =
          value instanceof String s ? Double.parseDouble(s.strip()) : Values.number(value);
      return name.equals("int") ? (Object) (long) number : (Object) number;
    } catch (NumberFormatException e) {
      return name.equals("int") ? (Object) 0L : (Object) 0.0;
    }
  }

  static List<@Nullable Object> entries(Map<?, ?> map) {
    List<@Nullable Object> entries = new ArrayList<>();
    map.forEach(
        (key, value) -> {
          List<@Nullable Object> pair = new ArrayList<>();
          pair.add(key);
          pair.add(value);
          entries.add(pair);
        });
    return entries;
  }

  private static @Nullable Object mapped(
      @Nullable Object item,
      List<@Nullable Object> arguments,
      Map<String, @Nullable Object> named,
      Run run) {
    if (named.get("attribute") instanceof String attribute) {
      Object value = attribute(item, attribute);
      return value == Values.UNDEFINED && named.containsKey("default")
          ? named.get("default")
          : value;
    }
    String filter = Values.string(arguments.get(0));
    require(filter);
    return apply(filter, item, arguments.subList(1, arguments.size()), Map.of(), run);
  }

  private static @Nullable Object attribute(@Nullable Object item, String path) {
    Object value = item;
    for (String name : path.split("\\.", -1)) {
      value = Operators.item(value, name);
    }
    return value;
  }

  private static boolean tested(
      @Nullable Object value, List<@Nullable Object> arguments, int test) {
    if (test >= arguments.size()) {
      return Values.truth(value);
    }
    String name = Values.string(arguments.get(test));
    String known = name.equals("==") ? "eq" : name.equals("!=") ? "ne" : name;
    Tests.require(known);
    return Tests.apply(known, value, test + 1 < arguments.size() ? arguments.get(test + 1) : null);
  }

  private static String indented(
      String text, List<@Nullable Object> arguments, Map<String, @Nullable Object> named, Run run) {
    Object width = argument(arguments, named, 0, "width");
    boolean first = Values.truth(argument(arguments, named, 1, "first"));
    String indent =
        width instanceof String s
            ? s
            : " ".repeat(width == null ? 4 : Math.max(0, Math.min(64, Values.integer(width))));
    String[] lines = text.split("\n", -1);
    run.work((long) lines.length * indent.length());
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < lines.length; i++) {
      if (i > 0) {
        out.append('\n');
      }
      out.append((i > 0 || first) && !lines[i].isEmpty() ? indent : "").append(lines[i]);
    }
    return out.toString();
  }
}
