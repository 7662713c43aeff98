package dev.headrace.worker.generate.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Values of a template: String, Long, Double, Boolean, List, Map, null for none, {@link
 * #UNDEFINED}, {@link Function}. What Python does with them.
 */
final class Values {
  /** What a name that nobody set stands for. */
  static final Object UNDEFINED =
      new Object() {
        @Override
        public String toString() {
          return "";
        }
      };

  private Values() {}

  /** Something to call. */
  interface Function {
    @Nullable Object call(List<@Nullable Object> arguments, Map<String, @Nullable Object> named);
  }

  static boolean truth(@Nullable Object value) {
    if (value == null || value == UNDEFINED) {
      return false;
    }
    if (value instanceof Boolean b) {
      return b;
    }
    if (value instanceof String s) {
      return !s.isEmpty();
    }
    if (value instanceof Number n) {
      return n.doubleValue() != 0;
    }
    if (value instanceof List<?> list) {
      return !list.isEmpty();
    }
    return !(value instanceof Map<?, ?> map) || !map.isEmpty();
  }

  /** What is written for a value. */
  static String text(@Nullable Object value) {
    if (value instanceof String s) {
      return s;
    }
    if (value == null) {
      return "None";
    }
    if (value instanceof Boolean b) {
      return b ? "True" : "False";
    }
    if (value instanceof List<?> || value instanceof Map<?, ?>) {
      return Json.repr(value);
    }
    return value.toString();
  }

  static boolean equal(@Nullable Object a, @Nullable Object b) {
    if (a instanceof Number || a instanceof Boolean) {
      return (b instanceof Number || b instanceof Boolean) && number(a) == number(b);
    }
    return a == null ? b == null : a.equals(b);
  }

  static double number(@Nullable Object value) {
    if (value instanceof Number n) {
      return n.doubleValue();
    }
    if (value instanceof Boolean b) {
      return b ? 1 : 0;
    }
    throw new TemplateException("chat template: " + describe(value) + " (expected: a number)");
  }

  static int compare(@Nullable Object a, @Nullable Object b) {
    if (a instanceof String x && b instanceof String y) {
      return x.compareTo(y);
    }
    return Double.compare(number(a), number(b));
  }

  static int integer(@Nullable Object value) {
    if (value instanceof Long n && n == n.intValue()) {
      return n.intValue();
    }
    throw new TemplateException("chat template: " + describe(value) + " (expected: an integer)");
  }

  static String string(@Nullable Object value) {
    if (value instanceof String s) {
      return s;
    }
    throw new TemplateException("chat template: " + describe(value) + " (expected: a string)");
  }

  /** What a loop over a value goes through. */
  static List<@Nullable Object> items(@Nullable Object value) {
    if (value instanceof List<?> list) {
      return new ArrayList<>(list);
    }
    if (value instanceof Map<?, ?> map) {
      return new ArrayList<>(map.keySet());
    }
    if (value instanceof String s) {
      List<@Nullable Object> characters = new ArrayList<>();
      s.codePoints().forEach(c -> characters.add(Character.toString(c)));
      return characters;
    }
    if (value == UNDEFINED) {
      return new ArrayList<>();
    }
    throw new TemplateException("chat template: loop over " + describe(value));
  }

  static boolean contains(@Nullable Object whole, @Nullable Object part) {
    if (whole instanceof String s) {
      return s.contains(string(part));
    }
    if (whole instanceof Map<?, ?> map) {
      return part != null && map.containsKey(part);
    }
    return items(whole).stream().anyMatch(x -> equal(x, part));
  }

  static String describe(@Nullable Object value) {
    if (value == null) {
      return "none";
    }
    return value == UNDEFINED
        ? "an undefined value"
        : value.getClass().getSimpleName().toLowerCase(java.util.Locale.ROOT);
  }
}
