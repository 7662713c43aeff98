package dev.headrace.cli;

import dev.headrace.cli.stack.StackFile;
import dev.headrace.protocol.config.Settings;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * Where Kafka and Redis are: given on the command line, in the environment or in a file; else where
 * {@code headrace up} runs on this machine.
 */
final class ConnectionOptions {
  @Option(names = "--config", paramLabel = "FILE", description = "Properties file with settings.")
  @Nullable Path config;

  @Option(
      names = "--kafka",
      paramLabel = "HOST:PORT",
      description = "Kafka's bootstrap servers; default: those of the running 'headrace up'.")
  @Nullable String kafka;

  @Option(
      names = "--redis",
      paramLabel = "URI",
      description = "Redis, as redis://127.0.0.1:6379; default: that of 'headrace up'.")
  @Nullable String redis;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "Any setting of docs/configuration.md; may be given several times.")
  Map<String, String> settings = new HashMap<>();

  /** All settings that were given. */
  Settings read() {
    return settings(Map.of(), Map.of());
  }

  /**
   * The same; what is given nowhere is taken from a stack that runs on this machine.
   *
   * @param options settings that have an option of their own
   */
  Settings readOrRunning(Map<String, String> options) {
    return settings(new StackFile().read(), options);
  }

  private Settings settings(Map<String, String> running, Map<String, String> options) {
    Map<String, String> file = new HashMap<>(running);
    if (config != null) {
      file.putAll(ConfigFiles.properties(config));
    }
    Map<String, String> commandLine = new HashMap<>(options);
    commandLine.putAll(settings);
    if (kafka != null) {
      commandLine.put("kafka.bootstrap-servers", kafka);
    }
    if (redis != null) {
      commandLine.put("redis.uri", redis);
    }
    return new Settings(file, System.getenv(), commandLine);
  }
}
