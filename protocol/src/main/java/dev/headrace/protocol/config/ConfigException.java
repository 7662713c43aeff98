package dev.headrace.protocol.config;

import java.util.List;

/** All that is wrong with the settings, in one message. */
public final class ConfigException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public ConfigException(List<String> problems) {
    super(String.join("\n", problems));
  }
}
