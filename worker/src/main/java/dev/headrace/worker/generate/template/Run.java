package dev.headrace.worker.generate.template;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One rendering: names and what they stand for, what is written, and how much is left to do. */
final class Run {
  private static final int MAX_DEPTH = 150;

  private final StringBuilder out;
  private final @Nullable Run outer;
  private final Map<String, @Nullable Object> names;
  private final Budget budget;

  /** Steps and characters left; shared by all scopes of a rendering. */
  private static final class Budget {
    private long steps;
    private final int maxOutput;
    private int depth;

    private Budget(long steps, int maxOutput) {
      this.steps = steps;
      this.maxOutput = maxOutput;
    }
  }

  private Run(
      @Nullable Run outer, Map<String, @Nullable Object> names, StringBuilder out, Budget budget) {
    this.outer = outer;
    this.names = names;
    this.out = out;
    this.budget = budget;
  }

  static Run start(Map<String, @Nullable Object> names, long steps, int maxOutput) {
    return new Run(null, new HashMap<>(names), new StringBuilder(), new Budget(steps, maxOutput));
  }

  /** A scope inside of this; what is set there ends there. */
  Run inner() {
    return new Run(this, new HashMap<>(), out, budget);
  }

  /** A scope that writes elsewhere. */
  Run aside() {
    return new Run(this, new HashMap<>(), new StringBuilder(), budget);
  }

  @Nullable Object get(String name) {
    for (Run run = this; run != null; run = run.outer) {
      if (run.names.containsKey(name)) {
        return run.names.get(name);
      }
    }
    return Values.UNDEFINED;
  }

  void set(String name, @Nullable Object value) {
    names.put(name, value);
  }

  void write(String text) {
    work(text.length());
    out.append(text);
    if (out.length() > budget.maxOutput) {
      throw new TemplateException(
          "chat template: output (expected: at most " + budget.maxOutput + " characters)");
    }
  }

  String written() {
    return out.toString();
  }

  /** Accounts for a step, and for as many characters as it handles. */
  void work(long characters) {
    budget.steps -= 1 + characters / 16;
    if (budget.steps < 0) {
      throw new TemplateException("chat template: too many steps");
    }
  }

  void enter() {
    if (++budget.depth > MAX_DEPTH) {
      throw new TemplateException("chat template: nested deeper than " + MAX_DEPTH);
    }
  }

  void leave() {
    budget.depth--;
  }
}
