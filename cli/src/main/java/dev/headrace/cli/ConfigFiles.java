package dev.headrace.cli;

import dev.headrace.protocol.config.ConfigException;
import dev.headrace.protocol.config.Settings;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Settings from a properties file, the environment and the command line. */
final class ConfigFiles {
  private ConfigFiles() {}

  /**
   * Reads the sources.
   *
   * @param file the properties file, or null
   * @param commandLine keys and values given there
   * @throws ConfigException when the file cannot be read
   */
  static Settings settings(@Nullable Path file, Map<String, String> commandLine) {
    return new Settings(file == null ? Map.of() : properties(file), System.getenv(), commandLine);
  }

  static Map<String, String> properties(Path file) {
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(file)) {
      properties.load(reader);
    } catch (IOException | IllegalArgumentException e) {
      throw new ConfigException(
          List.of("--config: " + file + " (expected: a readable properties file; " + e + ")"));
    }
    Map<String, String> values = new TreeMap<>();
    properties.stringPropertyNames().forEach(k -> values.put(k, properties.getProperty(k)));
    return values;
  }
}
