package dev.headrace.worker.generate.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What operators, subscripts and slices do. */
final class Operators {
  private Operators() {}

  static boolean compare(String operator, @Nullable Object a, @Nullable Object b) {
    return switch (operator) {
      case "==" -> Values.equal(a, b);
      case "!=" -> !Values.equal(a, b);
      case "in" -> Values.contains(b, a);
      case "not in" -> !Values.contains(b, a);
      case "<" -> Values.compare(a, b) < 0;
      case "<=" -> Values.compare(a, b) <= 0;
      case ">" -> Values.compare(a, b) > 0;
      default -> Values.compare(a, b) >= 0;
    };
  }

  static Object arithmetic(String operator, @Nullable Object a, @Nullable Object b, Run run) {
    if (operator.equals("~")) {
      return joined(Values.text(a), Values.text(b), run);
    }
    if (operator.equals("+") && a instanceof String x && b instanceof String y) {
      return joined(x, y, run);
    }
    if (operator.equals("+") && a instanceof List<?> x && b instanceof List<?> y) {
      run.work(16L * (x.size() + y.size()));
      List<@Nullable Object> both = new ArrayList<>(x);
      both.addAll(y);
      return both;
    }
    if (operator.equals("*") && a instanceof String x && b instanceof Long n) {
      int times = (int) Math.max(0, Math.min(n, Integer.MAX_VALUE));
      run.work((long) x.length() * times);
      return x.repeat(times);
    }
    if (!(a instanceof Number || a instanceof Boolean)
        || !(b instanceof Number || b instanceof Boolean)) {
      throw new TemplateException(
          "chat template: "
              + Values.describe(a)
              + " "
              + operator
              + " "
              + Values.describe(b)
              + " (expected: two numbers or two strings)");
    }
    return a instanceof Double || b instanceof Double || operator.equals("/")
        ? real(operator, Values.number(a), Values.number(b))
        : whole(operator, (long) Values.number(a), (long) Values.number(b));
  }

  private static String joined(String a, String b, Run run) {
    run.work((long) a.length() + b.length());
    return a + b;
  }

  private static Object whole(String operator, long a, long b) {
    return switch (operator) {
      case "+" -> a + b;
      case "-" -> a - b;
      case "*" -> a * b;
      case "**" ->
          b < 0
              ? (Object) Math.pow((double) a, (double) b)
              : (Object) (long) Math.pow((double) a, (double) b);
      case "//", "%" -> {
        if (b == 0) {
          throw new TemplateException("chat template: division by zero");
        }
        yield operator.equals("%") ? Math.floorMod(a, b) : Math.floorDiv(a, b);
      }
      default -> throw new TemplateException("chat template: operator " + operator);
    };
  }

  private static Object real(String operator, double a, double b) {
    return switch (operator) {
      case "+" -> a + b;
      case "-" -> a - b;
      case "*" -> a * b;
      case "**" -> Math.pow(a, b);
      case "//" -> Math.floor(a / b);
      case "%" -> a - b * Math.floor(a / b);
      case "/" -> {
        if (b == 0) {
          throw new TemplateException("chat template: division by zero");
        }
        yield a / b;
      }
      default -> throw new TemplateException("chat template: operator " + operator);
    };
  }

  /** {@code of[key]} or {@code of.key}; undefined when there is none. */
  static @Nullable Object item(@Nullable Object of, @Nullable Object key) {
    if (of == Values.UNDEFINED) {
      throw new TemplateException("chat template: " + Values.text(key) + " of an undefined value");
    }
    if (of instanceof Functions.Namespace namespace) {
      return namespace.get(Values.text(key));
    }
    if (of instanceof Map<?, ?> map) {
      return key != null && map.containsKey(key) ? map.get(key) : Values.UNDEFINED;
    }
    if (key instanceof Long index && (of instanceof List<?> || of instanceof String)) {
      List<@Nullable Object> items =
          of instanceof String ? Values.items(of) : new ArrayList<>((List<?>) of);
      long i = index < 0 ? index + items.size() : index;
      return i >= 0 && i < items.size() ? items.get((int) i) : Values.UNDEFINED;
    }
    return Values.UNDEFINED;
  }

  static Object slice(
      @Nullable Object of,
      @Nullable Object from,
      @Nullable Object to,
      @Nullable Object step,
      Run run) {
    List<@Nullable Object> items = Values.items(of);
    run.work(items.size());
    int by = step == null ? 1 : Values.integer(step);
    if (by == 0) {
      throw new TemplateException("chat template: slice step 0");
    }
    int size = items.size();
    int start = bound(from, size, by, by > 0 ? 0 : size - 1);
    int end = bound(to, size, by, by > 0 ? size : -1);
    List<@Nullable Object> part = new ArrayList<>();
    for (long i = start; by > 0 ? i < end : i > end; i += by) {
      part.add(items.get((int) i));
    }
    if (of instanceof String) {
      StringBuilder text = new StringBuilder();
      part.forEach(text::append);
      return text.toString();
    }
    return part;
  }

  private static int bound(@Nullable Object given, int size, int by, int otherwise) {
    if (given == null) {
      return otherwise;
    }
    int value = Values.integer(given);
    if (value < 0) {
      value += size;
    }
    return by > 0 ? Math.max(0, Math.min(value, size)) : Math.max(-1, Math.min(value, size - 1));
  }
}
