package dev.headrace.worker.loop;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.SecureRandom;
import java.util.HexFormat;

/**
 * Names that nothing else has, and that tell a person where to look: {@code host-pid-random},
 * unique even if hosts share names and processes are restarted.
 */
public final class UniqueName {
  private static final int LONGEST_HOST = 40;

  private UniqueName() {}

  /** A new one, of letters, digits, dots, underscores and hyphens. */
  public static String next() {
    byte[] random = new byte[4];
    new SecureRandom().nextBytes(random);
    String host = host().replaceAll("[^A-Za-z0-9._-]", "-");
    return host.substring(0, Math.min(host.length(), LONGEST_HOST))
        + "-"
        + ProcessHandle.current().pid()
        + "-"
        + HexFormat.of().formatHex(random);
  }

  private static String host() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "host";
    }
  }
}
