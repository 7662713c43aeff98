package dev.headrace.protocol.body;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** Why a generation ended. */
public enum FinishReason {
  /** The model ended its text, or a stop string or token came. */
  STOP,
  /** As many tokens as were asked for, or as the model's context holds. */
  LENGTH,
  /** Something between left out what the model said; servers upstream may do so. */
  CONTENT_FILTER,
  /** Headrace's own: the request's deadline passed; the text is what there was until then. */
  DEADLINE,
  /** Headrace's own: the client cancelled; the text is what there was until then. */
  CANCELLED;

  /** The name in {@code finish_reason}. */
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The reason with this name. */
  public static Optional<FinishReason> ofWireName(String name) {
    return Arrays.stream(values()).filter(r -> r.wireName().equals(name)).findFirst();
  }
}
