package dev.headrace.worker.generate.template;

import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What templates may call: {@code namespace}, {@code range} and what transformers adds. */
final class Functions {
  private static final int MAX_RANGE = 100_000;

  private Functions() {}

  /** The one kind of value that a template can change. */
  static final class Namespace {
    private final Map<String, @Nullable Object> values = new HashMap<>();

    @Nullable Object get(String name) {
      return values.containsKey(name) ? values.get(name) : Values.UNDEFINED;
    }

    void put(String name, @Nullable Object value) {
      values.put(name, value);
    }
  }

  static Map<String, Object> all(InstantSource clock) {
    Values.Function namespace =
        (arguments, named) -> {
          Namespace made = new Namespace();
          named.forEach(made::put);
          return made;
        };
    Values.Function raise =
        (arguments, named) -> {
          throw TemplateException.raised(
              arguments.isEmpty() ? "refused" : Values.text(arguments.get(0)));
        };
    Values.Function now = (arguments, named) -> time(clock, Values.string(arguments.get(0)));
    Values.Function range = (arguments, named) -> range(arguments);
    Values.Function dict = (arguments, named) -> new HashMap<>(named);
    return Map.of(
        "namespace", namespace,
        "raise_exception", raise,
        "strftime_now", now,
        "range", range,
        "dict", dict);
  }

  private static List<@Nullable Object> range(List<@Nullable Object> arguments) {
    int from = arguments.size() > 1 ? Values.integer(arguments.get(0)) : 0;
    int to = Values.integer(arguments.get(arguments.size() > 1 ? 1 : 0));
    int step = arguments.size() > 2 ? Values.integer(arguments.get(2)) : 1;
    if (step == 0 || Math.abs((long) to - from) / Math.abs((long) step) > MAX_RANGE) {
      throw new TemplateException("chat template: range (expected: at most " + MAX_RANGE + ")");
    }
    List<@Nullable Object> all = new ArrayList<>();
    for (long i = from; step > 0 ? i < to : i > to; i += step) {
      all.add(i);
    }
    return all;
  }

  /** The time in UTC, in the codes of C's {@code strftime} that templates use. */
  private static String time(InstantSource clock, String format) {
    ZonedDateTime now = clock.instant().atZone(ZoneOffset.UTC);
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < format.length(); i++) {
      char c = format.charAt(i);
      if (c != '%' || i + 1 == format.length()) {
        text.append(c);
        continue;
      }
      char code = format.charAt(++i);
      String pattern =
          switch (code) {
            case 'd' -> "dd";
            case 'm' -> "MM";
            case 'y' -> "yy";
            case 'Y' -> "yyyy";
            case 'b' -> "MMM";
            case 'B' -> "MMMM";
            case 'a' -> "EEE";
            case 'A' -> "EEEE";
            case 'H' -> "HH";
            case 'I' -> "hh";
            case 'M' -> "mm";
            case 'S' -> "ss";
            case 'p' -> "a";
            default -> throw new TemplateException("chat template: strftime_now %" + code);
          };
      text.append(DateTimeFormatter.ofPattern(pattern, Locale.US).format(now));
    }
    return text.toString();
  }
}
