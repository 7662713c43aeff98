package dev.headrace.embedded.docker;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A Dockerfile as its instructions, as far as the ones in this repository go. */
record Dockerfile(Path file, List<Instruction> instructions) {
  private static final Pattern VALUE = Pattern.compile("([A-Z_a-z0-9]+)=(\"[^\"]*\"|\\S+)");

  /** One instruction with its arguments on one line, and the number of its stage from 0. */
  record Instruction(String name, String arguments, int stage) {
    boolean hasFlag(String flag) {
      return arguments.contains("--" + flag);
    }

    /** The arguments without flags such as {@code --from=build}. */
    List<String> words() {
      return Arrays.stream(arguments.split("\\s+")).filter(w -> !w.startsWith("--")).toList();
    }
  }

  static Dockerfile read(Path file) {
    List<Instruction> instructions = new ArrayList<>();
    StringBuilder pending = new StringBuilder();
    int stage = -1;
    for (String line : Repository.read(file).lines().toList()) {
      if (line.isBlank() || line.strip().startsWith("#")) {
        continue;
      }
      boolean goesOn = line.endsWith("\\");
      pending.append(goesOn ? line.substring(0, line.length() - 1) : line).append(' ');
      if (!goesOn) {
        String[] parts = pending.toString().strip().split("\\s+", 2);
        stage += parts[0].equals("FROM") ? 1 : 0;
        instructions.add(new Instruction(parts[0], parts.length > 1 ? parts[1] : "", stage));
        pending.setLength(0);
      }
    }
    return new Dockerfile(file, List.copyOf(instructions));
  }

  Stream<Instruction> all(String name) {
    return instructions.stream().filter(i -> i.name().equals(name));
  }

  /** The instructions of this name that make the image itself, not a stage before it. */
  List<Instruction> last(String name) {
    int last = instructions.get(instructions.size() - 1).stage();
    return all(name).filter(i -> i.stage() == last).toList();
  }

  /** The image's own {@code ENV}. */
  Map<String, String> environment() {
    Map<String, String> values = new LinkedHashMap<>();
    for (Instruction env : last("ENV")) {
      Matcher matcher = VALUE.matcher(env.arguments());
      while (matcher.find()) {
        values.put(matcher.group(1), matcher.group(2).replace("\"", ""));
      }
    }
    return values;
  }

  @Override
  public String toString() {
    return file.getFileName().toString();
  }
}
