package dev.headrace.embedded.docker;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The files of this repository, as the tests of the folder {@code docker} see them. */
final class Repository {
  private static final Pattern VARIABLE = Pattern.compile("\\bHEADRACE_[A-Z0-9_]+");

  private Repository() {}

  /** The top folder; surefire tells the module's. */
  static Path top() {
    return Path.of(System.getProperty("basedir", "")).toAbsolutePath().getParent();
  }

  static Path docker() {
    return top().resolve("docker");
  }

  static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Every file of the folder {@code docker}. */
  static List<Path> dockerFiles() {
    try (Stream<Path> files = Files.walk(docker())) {
      return files.filter(Files::isRegularFile).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The variables of Headrace that a text names. */
  static Set<String> variablesIn(String text) {
    return VARIABLE
        .matcher(text)
        .results()
        .map(MatchResult::group)
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
