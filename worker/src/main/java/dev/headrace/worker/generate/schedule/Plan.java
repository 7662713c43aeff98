package dev.headrace.worker.generate.schedule;

import dev.headrace.worker.generate.session.Segment;
import dev.headrace.worker.generate.session.Sequence;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What the next step runs. */
final class Plan {
  /**
   * Tokens of one text.
   *
   * @param tokens how many of those that have not run
   */
  record Part(Text text, int tokens) {
    /** Whether a token can be sampled after it. */
    boolean samples() {
      return tokens == text.pending();
    }

    Segment segment() {
      Sequence sequence = text.sequence();
      if (sequence == null) {
        throw new IllegalStateException("text " + text.rank() + " is planned and does not run");
      }
      int from = sequence.tokens();
      return new Segment(
          sequence, Arrays.copyOfRange(text.tokens(), from, from + tokens), samples());
    }
  }

  private final List<Part> parts = new ArrayList<>();
  private int tokens;

  void add(Text text, int count) {
    parts.add(new Part(text, count));
    tokens += count;
  }

  List<Part> parts() {
    return parts;
  }

  /** Of all parts. */
  int tokens() {
    return tokens;
  }
}
