package dev.headrace.transport.kafka;

import org.jspecify.annotations.Nullable;

/**
 * How many records behind a committed offset are done, as text in the commit's metadata: {@code
 * done-ahead=12}. Who counts the lag takes them off.
 */
final class DoneAhead {
  private static final String KEY = "done-ahead=";

  private DoneAhead() {}

  static String write(long records) {
    return records > 0 ? KEY + records : "";
  }

  /** 0 for metadata that says nothing of it: another program may have committed. */
  static long read(@Nullable String metadata) {
    if (metadata == null || !metadata.startsWith(KEY)) {
      return 0;
    }
    try {
      return Math.max(0, Long.parseLong(metadata.substring(KEY.length())));
    } catch (NumberFormatException e) {
      return 0;
    }
  }
}
