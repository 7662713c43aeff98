package dev.headrace.worker.generate.template;

/** A template that cannot be read, or that refuses what it is given. */
public final class TemplateException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final boolean raised;

  private TemplateException(String message, boolean raised) {
    super(message);
    this.raised = raised;
  }

  TemplateException(String message) {
    this(message, false);
  }

  /** What a template says itself, by {@code raise_exception}. */
  static TemplateException raised(String message) {
    return new TemplateException(message, true);
  }

  /** Whether the template itself refused, so that the request is at fault and not the model. */
  public boolean raised() {
    return raised;
  }
}
