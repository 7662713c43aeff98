package dev.headrace.protocol.tenant;

import java.util.Locale;

/** What becomes of a request whose tenant has used its quota up. */
public enum OverQuota {
  /** It waits: in the router, then in a retry topic; at most until its deadline. */
  DELAY,
  /** It ends at once, FAILED with {@code quota_exceeded}. */
  REJECT;

  String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
