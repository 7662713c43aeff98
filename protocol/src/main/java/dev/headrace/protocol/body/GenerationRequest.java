package dev.headrace.protocol.body;

import dev.headrace.protocol.Size;
import dev.headrace.protocol.Task;

/** A request to generate text. */
public sealed interface GenerationRequest permits ChatRequest, CompletionRequest {
  /** Tokens of a text when the request gives no limit, as far as routing is concerned (chosen). */
  int USUAL_MAX_TOKENS = 256;

  /** Name of the model. */
  String model();

  GenerationOptions options();

  /** This with other options. */
  GenerationRequest with(GenerationOptions other);

  /** Which of the two it is. */
  Task task();

  /** How much work it is. */
  Size size();

  /**
   * Writes the body; equal requests give equal bytes.
   *
   * @param forServer for a server whose defaults are others than OpenAI's: temperature and top_p
   *     are always there, and a stream ends with its usage
   */
  byte[] encode(boolean forServer);

  /** Writes the body for Headrace. */
  default byte[] encode() {
    return encode(false);
  }
}
