package dev.headrace.protocol.config;

import java.util.Locale;

/**
 * One setting as the documentation shows it.
 *
 * @param key as {@code worker.batch.max-size}
 * @param expected what values it takes
 * @param defaultValue as text, empty for none
 * @param description one sentence
 */
public record Setting(String key, String expected, String defaultValue, String description) {

  /** The environment variable of this setting. */
  public String variable() {
    return variable(key);
  }

  /** {@code worker.batch.max-size} is {@code HEADRACE_WORKER_BATCH_MAX_SIZE}. */
  public static String variable(String key) {
    return "HEADRACE_" + key.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
  }
}
