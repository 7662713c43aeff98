package dev.headrace.worker.model.hf;

import dev.headrace.worker.model.weights.MalformedModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * {@code tokenizer_config.json}, as far as {@code tokenizer.json} does not say it too.
 *
 * @param maxTokens {@code model_max_length}; absent for those that never had one, which
 *     transformers writes as 1e30
 * @param maskToken the token that stands for a word to be filled in
 * @param unknownToken the token that stands for what has no other
 * @param tokenTypes whether the model is told which of two texts a token is from: unless {@code
 *     model_input_names} leaves them out
 */
public record TokenizerSettings(
    OptionalInt maxTokens,
    Optional<String> maskToken,
    Optional<String> unknownToken,
    boolean tokenTypes) {
  static final String FILE = "tokenizer_config.json";

  /** Chosen: a limit from here on is none. The longest encoders read 8,192 tokens. */
  private static final int NO_LIMIT = 10_000_000;

  static final TokenizerSettings NONE =
      new TokenizerSettings(OptionalInt.empty(), Optional.empty(), Optional.empty(), true);

  static TokenizerSettings read(Path folder) throws IOException {
    Path file = folder.resolve(FILE);
    return Files.isRegularFile(file) ? read(HfConfig.read(file)) : NONE;
  }

  static TokenizerSettings read(HfConfig config) throws MalformedModelException {
    double limit = config.number("model_max_length", NO_LIMIT);
    if (!(limit >= 1) || limit != Math.rint(limit)) {
      throw config.malformed("model_max_length", limit, "a whole number >= 1");
    }
    OptionalInt maxTokens = limit >= NO_LIMIT ? OptionalInt.empty() : OptionalInt.of((int) limit);
    List<String> inputs = config.strings("model_input_names");
    return new TokenizerSettings(
        maxTokens,
        config.token("mask_token"),
        config.token("unk_token"),
        inputs.isEmpty() || inputs.contains("token_type_ids"));
  }
}
