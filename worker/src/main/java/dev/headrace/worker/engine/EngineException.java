package dev.headrace.worker.engine;

import org.jspecify.annotations.Nullable;

/** A model could not be loaded or run. The kind says what may help. */
public final class EngineException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** What may help. */
  public enum Kind {
    /** Memory ran out: a smaller batch, then a larger device. */
    RESOURCE,
    /** The model or the engine is at fault; another attempt will fail too. */
    INTERNAL,
    /** The device is lost to this process: only a restart helps. */
    FATAL
  }

  private final Kind kind;

  public EngineException(Kind kind, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }
}
