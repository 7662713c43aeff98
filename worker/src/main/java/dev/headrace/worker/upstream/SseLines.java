package dev.headrace.worker.upstream;

import java.util.function.Consumer;

/**
 * Puts the lines of a stream of server-sent events together to events (WHATWG HTML, section 9.2.6);
 * only their data matters here. Not thread-safe.
 */
final class SseLines {
  private final Consumer<String> events;
  private final StringBuilder data = new StringBuilder();
  private boolean any;

  SseLines(Consumer<String> events) {
    this.events = events;
  }

  /** Takes the next line, without its end. */
  void line(String line) {
    if (line.isEmpty()) {
      end();
    } else if (line.startsWith("data:")) {
      if (any) {
        data.append('\n');
      }
      data.append(line, line.startsWith("data: ") ? 6 : 5, line.length());
      any = true;
    }
    // Comments keep the connection alive; event names and ids say nothing in this API.
  }

  /** Ends an event that no empty line ended; some servers forget the last one. */
  void end() {
    if (any) {
      String event = data.toString();
      data.setLength(0);
      any = false;
      events.accept(event);
    }
  }
}
