package dev.headrace.cli;

import dev.headrace.protocol.config.ConfigException;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;

/** Settings from a properties file. */
final class ConfigFiles {
  private ConfigFiles() {}

  /**
   * Reads a file.
   *
   * @throws ConfigException when it cannot be read
   */
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
