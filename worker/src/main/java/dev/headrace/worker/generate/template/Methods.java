package dev.headrace.worker.generate.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Python's methods of strings and dictionaries, those without side effects. */
final class Methods {
  private Methods() {}

  static @Nullable Object call(
      @Nullable Object of,
      String name,
      List<@Nullable Object> arguments,
      Map<String, @Nullable Object> named,
      Run run) {
    if (of instanceof String text) {
      run.work(text.length());
      return ofString(text, name, arguments, named, run);
    }
    if (of instanceof Map<?, ?> map) {
      Object value = map.get(name);
      if (value instanceof Values.Function function) {
        return function.call(arguments, named);
      }
      run.work(map.size());
      return ofMap(map, name, arguments);
    }
    if (of instanceof Functions.Namespace namespace
        && namespace.get(name) instanceof Values.Function function) {
      return function.call(arguments, named);
    }
    throw unknown(of, name);
  }

  private static TemplateException unknown(@Nullable Object of, String name) {
    return new TemplateException(
        "chat template: method " + name + " of " + Values.describe(of) + " is not supported");
  }

  private static @Nullable Object ofMap(
      Map<?, ?> map, String name, List<@Nullable Object> arguments) {
    return switch (name) {
      case "items" -> Filters.entries(map);
      case "keys" -> new ArrayList<>(map.keySet());
      case "values" -> new ArrayList<>(map.values());
      case "get" -> {
        Object key = arguments.get(0);
        yield key != null && map.containsKey(key)
            ? map.get(key)
            : arguments.size() > 1 ? arguments.get(1) : null;
      }
      default -> throw unknown(map, name);
    };
  }

  private static Object ofString(
      String text,
      String name,
      List<@Nullable Object> arguments,
      Map<String, @Nullable Object> named,
      Run run) {
    return switch (name) {
      case "strip" -> strip(text, set(arguments), true, true);
      case "lstrip" -> strip(text, set(arguments), true, false);
      case "rstrip" -> strip(text, set(arguments), false, true);
      case "startswith" -> any(arguments.get(0)).stream().anyMatch(text::startsWith);
      case "endswith" -> any(arguments.get(0)).stream().anyMatch(text::endsWith);
      case "upper" -> text.toUpperCase(Locale.ROOT);
      case "lower" -> text.toLowerCase(Locale.ROOT);
      case "title" -> title(text);
      case "capitalize" -> capitalized(text);
      case "split" -> split(text, arguments, named);
      case "splitlines" -> new ArrayList<>(text.lines().toList());
      case "replace" ->
          replaced(text, Values.string(arguments.get(0)), Values.string(arguments.get(1)), run);
      case "find" -> (long) text.indexOf(Values.string(arguments.get(0)));
      case "count" -> count(text, Values.string(arguments.get(0)));
      case "isdigit" -> !text.isEmpty() && text.chars().allMatch(Character::isDigit);
      case "join" -> Filters.join(arguments.get(0), text, run);
      default -> throw unknown(text, name);
    };
  }

  private static List<String> any(@Nullable Object prefix) {
    return prefix instanceof List<?> list
        ? list.stream().map(Values::string).toList()
        : List.of(Values.string(prefix));
  }

  private static @Nullable String set(List<@Nullable Object> arguments) {
    return arguments.isEmpty() || arguments.get(0) == null ? null : Values.string(arguments.get(0));
  }

  /** Without characters of a set, white space if there is none, at the ends. */
  static String strip(String text, @Nullable String set, boolean left, boolean right) {
    int from = 0;
    int to = text.length();
    while (left && from < to && in(text.charAt(from), set)) {
      from++;
    }
    while (right && to > from && in(text.charAt(to - 1), set)) {
      to--;
    }
    return text.substring(from, to);
  }

  private static boolean in(char c, @Nullable String set) {
    return set == null ? Character.isWhitespace(c) || c == '\u00A0' : set.indexOf(c) >= 0;
  }

  static String title(String text) {
    StringBuilder out = new StringBuilder();
    boolean within = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      out.append(within ? Character.toLowerCase(c) : Character.toUpperCase(c));
      within = Character.isLetter(c);
    }
    return out.toString();
  }

  static String capitalized(String text) {
    return text.isEmpty()
        ? text
        : text.substring(0, 1).toUpperCase(Locale.ROOT)
            + text.substring(1).toLowerCase(Locale.ROOT);
  }

  private static List<@Nullable Object> split(
      String text, List<@Nullable Object> arguments, Map<String, @Nullable Object> named) {
    Object most = arguments.size() > 1 ? arguments.get(1) : named.get("maxsplit");
    int left = most == null ? Integer.MAX_VALUE : Values.integer(most);
    left = left < 0 ? Integer.MAX_VALUE : left;
    String by = set(arguments);
    List<@Nullable Object> parts = new ArrayList<>();
    if (by == null) {
      String[] words = text.strip().split("\\s+", left == Integer.MAX_VALUE ? 0 : left + 1);
      for (String word : words) {
        if (!word.isEmpty()) {
          parts.add(word);
        }
      }
      return parts;
    }
    if (by.isEmpty()) {
      throw new TemplateException("chat template: split by an empty string");
    }
    int from = 0;
    for (int at = text.indexOf(by); at >= 0 && left > 0; at = text.indexOf(by, from)) {
      parts.add(text.substring(from, at));
      from = at + by.length();
      left--;
    }
    parts.add(text.substring(from));
    return parts;
  }

  static String replaced(String text, String what, String by, Run run) {
    run.work(text.length() + count(text, what) * by.length());
    return text.replace(what, by);
  }

  private static long count(String text, String what) {
    if (what.isEmpty()) {
      return text.length() + 1L;
    }
    long count = 0;
    for (int at = text.indexOf(what); at >= 0; at = text.indexOf(what, at + what.length())) {
      count++;
    }
    return count;
  }
}
