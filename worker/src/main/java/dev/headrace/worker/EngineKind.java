package dev.headrace.worker;

import java.util.Locale;

/** Which engine a worker has. */
public enum EngineKind {
  /** libtorch in the worker's own process. */
  TORCH,
  /** A server on the worker's machine that speaks OpenAI's API. */
  OPENAI_UPSTREAM;

  /** The name in settings. */
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
