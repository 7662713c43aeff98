package dev.headrace.worker.generate.template;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What follows {@code is}. */
final class Tests {
  private static final Set<String> WITH_ARGUMENT =
      Set.of("equalto", "eq", "ne", "in", "divisibleby", "gt", "lt", "ge", "le");

  private static final Set<String> WITHOUT =
      Set.of(
          "defined",
          "undefined",
          "none",
          "None",
          "string",
          "number",
          "integer",
          "float",
          "boolean",
          "true",
          "false",
          "True",
          "False",
          "mapping",
          "iterable",
          "sequence",
          "odd",
          "even",
          "callable");

  private Tests() {}

  static void require(String name) {
    if (!WITHOUT.contains(name) && !WITH_ARGUMENT.contains(name)) {
      throw new TemplateException("chat template: test " + name + " is not supported");
    }
  }

  static boolean takesArgument(String name) {
    return WITH_ARGUMENT.contains(name);
  }

  static boolean apply(String name, @Nullable Object value, @Nullable Object other) {
    return switch (name) {
      case "defined" -> value != Values.UNDEFINED;
      case "undefined" -> value == Values.UNDEFINED;
      case "none", "None" -> value == null;
      case "string" -> value instanceof String;
      case "number" -> value instanceof Number || value instanceof Boolean;
      case "integer" -> value instanceof Long;
      case "float" -> value instanceof Double;
      case "boolean" -> value instanceof Boolean;
      case "true", "True" -> Boolean.TRUE.equals(value);
      case "false", "False" -> Boolean.FALSE.equals(value);
      case "mapping" -> value instanceof Map;
      case "iterable", "sequence" ->
          value instanceof List || value instanceof Map || value instanceof String;
      case "callable" -> value instanceof Values.Function;
      case "odd" -> Math.floorMod((long) Values.number(value), 2) == 1;
      case "even" -> Math.floorMod((long) Values.number(value), 2) == 0;
      case "divisibleby" ->
          Math.floorMod((long) Values.number(value), Math.max(1, (long) Values.number(other))) == 0;
      case "in" -> Values.contains(other, value);
      case "ne" -> !Values.equal(value, other);
      case "gt" -> Values.compare(value, other) > 0;
      case "ge" -> Values.compare(value, other) >= 0;
      case "lt" -> Values.compare(value, other) < 0;
      case "le" -> Values.compare(value, other) <= 0;
      default -> Values.equal(value, other);
    };
  }
}
