package dev.headrace.cli.demo;

import java.io.PrintStream;
import java.util.Locale;
import java.util.Map;

/**
 * A progress bar and a line per device type, redrawn in place on a terminal; elsewhere one line
 * every few seconds.
 */
final class LiveView {
  private static final int WIDTH = 40;
  private static final long PLAIN_INTERVAL_NANOS = 5_000_000_000L;

  private final PrintStream out;
  private final boolean terminal;
  private final int total;
  private int linesDrawn;
  private long plainAt;

  LiveView(PrintStream out, boolean terminal, int total, long nowNanos) {
    this.out = out;
    this.terminal = terminal;
    this.total = total;
    this.plainAt = nowNanos;
  }

  /** Draws the state of now. */
  void draw(Tally tally, int submitted, double seconds, long nowNanos) {
    int done = tally.size();
    if (terminal) {
      drawBar(tally, done, submitted, seconds);
    } else if (nowNanos - plainAt >= 0) {
      plainAt = nowNanos + PLAIN_INTERVAL_NANOS;
      out.printf(Locale.ROOT, "%5.1f s  %d of %d done%n", seconds, done, total);
    }
  }

  private void drawBar(Tally tally, int done, int submitted, double seconds) {
    if (linesDrawn > 0) {
      out.printf("\033[%dA", linesDrawn);
    }
    int filled = (int) ((long) WIDTH * done / Math.max(1, total));
    int sent = (int) ((long) WIDTH * submitted / Math.max(1, total));
    String bar =
        "#".repeat(filled)
            + "-".repeat(Math.max(0, sent - filled))
            + " ".repeat(WIDTH - Math.max(sent, filled));
    out.printf(
        Locale.ROOT,
        "\033[2K[%s] %d of %d, %d waiting, %.1f s%n",
        bar,
        done,
        total,
        submitted - done,
        seconds);
    linesDrawn = 1;
    for (Map.Entry<String, Tally.Group> device : tally.byDevice().entrySet()) {
      Tally.Group g = device.getValue();
      out.printf(
          Locale.ROOT,
          "\033[2K  %-10s %6d requests  busy %3.0f %%  %.6f USD%n",
          device.getKey(),
          g.requests(),
          100 * g.busySeconds() / Math.max(seconds, 1e-9),
          g.usd());
      linesDrawn++;
    }
    out.flush();
  }
}
