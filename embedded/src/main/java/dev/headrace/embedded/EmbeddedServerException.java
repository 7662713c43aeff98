package dev.headrace.embedded;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** An embedded server did not start; nothing of it is left running and no file remains. */
public final class EmbeddedServerException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  EmbeddedServerException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
