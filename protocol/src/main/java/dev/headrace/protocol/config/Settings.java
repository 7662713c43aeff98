package dev.headrace.protocol.config;

import java.net.URI;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads settings by key, in the order command line, environment, file, default.
 *
 * <p>A component's configuration record reads each of its keys once; the same calls collect what is
 * wrong and describe the settings. {@link #requireValid} then throws all problems at once.
 */
public final class Settings {
  private static final Pattern DURATION = Pattern.compile("(\\d+)(ms|s|m|h|d)");
  private static final Pattern BYTES = Pattern.compile("(\\d+)(B|KiB|MiB|GiB)?");

  private static final String SECRET = "a secret";

  private final String fileName;
  private final Map<String, String> file;
  private final Map<String, String> environment;
  private final Map<String, String> commandLine;
  private final Map<String, Setting> described = new LinkedHashMap<>();
  private final List<String> problems = new ArrayList<>();

  public Settings(
      Map<String, String> file, Map<String, String> environment, Map<String, String> commandLine) {
    this("file", file, environment, commandLine);
  }

  private Settings(
      String fileName,
      Map<String, String> file,
      Map<String, String> environment,
      Map<String, String> commandLine) {
    this.fileName = fileName;
    this.file = Map.copyOf(file);
    this.environment = Map.copyOf(environment);
    this.commandLine = Map.copyOf(commandLine);
  }

  /** Defaults only. */
  public static Settings defaults() {
    return of(Map.of());
  }

  /** These values over the defaults; messages say that they come from the program. */
  public static Settings of(Map<String, String> values) {
    return new Settings("program", values, Map.of(), Map.of());
  }

  /** The same settings with these values over all others. */
  public Settings with(Map<String, String> values) {
    Map<String, String> over = new LinkedHashMap<>(commandLine);
    over.putAll(values);
    return new Settings(fileName, file, environment, over);
  }

  /** A whole number within a range. */
  public int integer(String key, int otherwise, int min, int max, String description) {
    return (int) whole(key, otherwise, min, max, description);
  }

  /** A whole number within a range. */
  public long whole(String key, long otherwise, long min, long max, String description) {
    String expected = min + ".." + max;
    return read(
        key,
        otherwise,
        expected,
        description,
        text -> {
          long value = Long.parseLong(text);
          return value >= min && value <= max ? Optional.of(value) : Optional.empty();
        });
  }

  /** A number within a range. */
  public double real(String key, double otherwise, double min, double max, String description) {
    return read(
        key,
        otherwise,
        min + ".." + max,
        description,
        text -> {
          double value = Double.parseDouble(text);
          return value >= min && value <= max ? Optional.of(value) : Optional.empty();
        });
  }

  /** {@code true} or {@code false}. */
  public boolean flag(String key, boolean otherwise, String description) {
    return read(
        key,
        otherwise,
        "true or false",
        description,
        text ->
            text.equals("true") || text.equals("false")
                ? Optional.of(text.equals("true"))
                : Optional.empty());
  }

  /** A text of at least one character, or the default, which may be empty. */
  public String text(String key, String otherwise, String expected, String description) {
    return read(
        key,
        otherwise,
        expected,
        description,
        text -> text.isBlank() ? Optional.empty() : Optional.of(text.strip()));
  }

  /** A text that this pattern matches. */
  public String text(
      String key, String otherwise, Pattern pattern, String expected, String description) {
    return read(
        key,
        otherwise,
        expected,
        description,
        text -> pattern.matcher(text).matches() ? Optional.of(text) : Optional.empty());
  }

  /** Texts with commas between them. */
  public List<String> list(String key, List<String> otherwise, String description) {
    String value =
        read(
            key,
            String.join(",", otherwise),
            "texts with commas",
            description,
            t -> Optional.of(t));
    return Arrays.stream(value.split(",")).map(String::strip).filter(s -> !s.isEmpty()).toList();
  }

  /** One of the constants of an enum, by a name made from each. */
  public <E extends Enum<E>> E choice(
      String key, E otherwise, Function<E, String> name, String description) {
    E[] all = otherwise.getDeclaringClass().getEnumConstants();
    List<String> names = Arrays.stream(all).map(name).toList();
    String value =
        read(
            key,
            name.apply(otherwise),
            "one of " + String.join(", ", names),
            description,
            text -> names.contains(text) ? Optional.of(text) : Optional.empty());
    return all[names.indexOf(value)];
  }

  /** A time span such as {@code 250ms}, {@code 30s}, {@code 5m}. */
  public Duration duration(
      String key, Duration otherwise, Duration min, Duration max, String description) {
    String value =
        read(
            key,
            format(otherwise),
            format(min) + ".." + format(max),
            description,
            text ->
                parseDuration(text)
                    .filter(d -> d.compareTo(min) >= 0 && d.compareTo(max) <= 0)
                    .map(d -> text));
    return parseDuration(value).orElse(otherwise);
  }

  /** A size such as {@code 512KiB}, {@code 2GiB}, in bytes. */
  public long bytes(String key, String otherwise, String description) {
    String value =
        read(
            key,
            otherwise,
            "a number of B, KiB, MiB or GiB",
            description,
            text -> parseBytes(text).map(b -> text));
    return parseBytes(value).orElse(0L);
  }

  /** A URI with one of these schemes; its password is not shown. */
  public URI uri(String key, String otherwise, Collection<String> schemes, String description) {
    String value =
        read(
            key,
            otherwise,
            "a URI with scheme " + String.join(" or ", new TreeSet<>(schemes)),
            description,
            text -> {
              URI uri = URI.create(text);
              return schemes.contains(uri.getScheme()) && uri.getHost() != null
                  ? Optional.of(text)
                  : Optional.empty();
            });
    return URI.create(value);
  }

  /** A text that is never shown; empty when it is not set. */
  public String secret(String key, String description) {
    return read(key, "", SECRET, description, text -> Optional.of(text));
  }

  private <T> T read(
      String key,
      T otherwise,
      String expected,
      String description,
      Function<String, Optional<T>> parser) {
    described.putIfAbsent(key, new Setting(key, expected, String.valueOf(otherwise), description));
    String variable = Setting.variable(key);
    if (commandLine.containsKey(key)) {
      return parse(key, commandLine.get(key), "command line", otherwise, expected, parser);
    }
    if (environment.containsKey(variable)) {
      String from = "environment " + variable;
      return parse(key, environment.get(variable), from, otherwise, expected, parser);
    }
    return file.containsKey(key)
        ? parse(key, file.get(key), fileName, otherwise, expected, parser)
        : otherwise;
  }

  private <T> T parse(
      String key,
      @Nullable String text,
      String from,
      T otherwise,
      String expected,
      Function<String, Optional<T>> parser) {
    String value = text == null ? "" : text.strip();
    Optional<T> parsed;
    try {
      parsed = parser.apply(value);
    } catch (IllegalArgumentException e) {
      parsed = Optional.empty();
    }
    if (parsed.isPresent()) {
      return parsed.get();
    }
    problem(key, expected.equals(SECRET) ? "***" : shown(value), expected, from);
    return otherwise;
  }

  /** Adds a problem that only the component can see, such as two settings that contradict. */
  public void problem(String key, String value, String expected, String from) {
    problems.add(key + ": " + value + " (expected: " + expected + "; from " + from + ")");
  }

  /** The settings read so far, in the order of reading. */
  public List<Setting> described() {
    return List.copyOf(described.values());
  }

  /**
   * Throws if anything was wrong.
   *
   * @param alsoKnown keys of other components that may stand in the same file
   * @throws ConfigException with all problems
   */
  public void requireValid(Collection<String> alsoKnown) {
    TreeSet<String> known = new TreeSet<>(alsoKnown);
    known.addAll(described.keySet());
    List<String> all = new ArrayList<>(problems);
    unknown(file.keySet(), known, fileName, all);
    unknown(commandLine.keySet(), known, "command line", all);
    if (!all.isEmpty()) {
      throw new ConfigException(all);
    }
  }

  /**
   * Throws if anything was wrong with what was read; settings that nobody read are no concern. For
   * a component that is given the settings of a whole program.
   *
   * @throws ConfigException with all problems
   */
  public void requireRead() {
    if (!problems.isEmpty()) {
      throw new ConfigException(problems);
    }
  }

  private static void unknown(
      Collection<String> given, Set<String> known, String from, List<String> all) {
    for (String key : new TreeSet<>(given)) {
      if (!known.contains(key)) {
        all.add(
            key + ": unknown setting (expected: " + nearest(key, known) + "; from " + from + ")");
      }
    }
  }

  private static String nearest(String key, Set<String> known) {
    return known.stream()
        .min(Comparator.comparingInt(k -> distance(key, k)))
        .filter(k -> distance(key, k) <= Math.max(3, key.length() / 3))
        .map(k -> "perhaps " + k)
        .orElse("a key of docs/configuration.md");
  }

  /** Levenshtein distance. */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int substitute = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(substitute, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[b.length()];
  }

  /** A value fit for a message: the password of a URI is hidden. */
  private static String shown(String value) {
    return value.replaceAll("(://[^:/@]*:).*@", "$1***@");
  }

  /** A time span such as {@code 250ms}, {@code 30s}, {@code 5m}; empty when it is none. */
  public static Optional<Duration> parseDuration(String text) {
    Matcher m = DURATION.matcher(text);
    if (!m.matches()) {
      return Optional.empty();
    }
    try {
      long n = Long.parseLong(m.group(1));
      return Optional.of(
          switch (m.group(2)) {
            case "ms" -> Duration.ofMillis(n);
            case "s" -> Duration.ofSeconds(n);
            case "m" -> Duration.ofMinutes(n);
            case "h" -> Duration.ofHours(n);
            default -> Duration.ofDays(n);
          });
    } catch (NumberFormatException | ArithmeticException | DateTimeException e) {
      return Optional.empty();
    }
  }

  private static String format(Duration d) {
    long ms = d.toMillis();
    if (ms % 1000 != 0 || ms == 0) {
      return ms + "ms";
    }
    long s = ms / 1000;
    if (s % 3600 == 0) {
      return s % 86400 == 0 ? s / 86400 + "d" : s / 3600 + "h";
    }
    return s % 60 == 0 ? s / 60 + "m" : s + "s";
  }

  /** Reads {@code 512KiB}; empty when it is no such size. */
  public static Optional<Long> parseBytes(String text) {
    Matcher m = BYTES.matcher(text);
    if (!m.matches()) {
      return Optional.empty();
    }
    String unit = m.group(2) == null ? "B" : m.group(2);
    long factor =
        switch (unit) {
          case "KiB" -> 1L << 10;
          case "MiB" -> 1L << 20;
          case "GiB" -> 1L << 30;
          default -> 1L;
        };
    try {
      return Optional.of(Math.multiplyExact(Long.parseLong(m.group(1)), factor));
    } catch (NumberFormatException | ArithmeticException e) {
      return Optional.empty();
    }
  }
}
