package dev.headrace.worker.model.hf;

import dev.headrace.worker.model.json.StrictJson;
import dev.headrace.worker.model.weights.MalformedModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * {@code config_sentence_transformers.json}: texts that are put before others, such as {@code
 * query: }, by name.
 *
 * @param byName the prompts, in the order of the file
 * @param defaultName the prompt for requests that name none; one of {@code byName}
 * @param dimensions vectors are cut to so many values unless a request says otherwise
 * @param crossEncoder whether the folder is one of a cross-encoder
 * @param scoreFunction {@code activation_fn}, which cross-encoders have here from 5.4 on
 */
public record SentencePrompts(
    Map<String, String> byName,
    Optional<String> defaultName,
    OptionalInt dimensions,
    boolean crossEncoder,
    Optional<ScoreFunction> scoreFunction) {
  static final String FILE = "config_sentence_transformers.json";

  private static final int MAX_DIMENSIONS = 1 << 20;

  static final SentencePrompts NONE =
      new SentencePrompts(Map.of(), Optional.empty(), OptionalInt.empty(), false, Optional.empty());

  static SentencePrompts read(Path folder) throws IOException {
    Path file = folder.resolve(FILE);
    return Files.isRegularFile(file) ? read(HfConfig.read(file)) : NONE;
  }

  static SentencePrompts read(HfConfig config) throws MalformedModelException {
    Map<String, String> prompts = config.texts("prompts");
    Optional<String> defaultName = config.optionalString("default_prompt_name");
    if (defaultName.isPresent() && !prompts.containsKey(defaultName.get())) {
      throw config.malformed(
          "default_prompt_name",
          defaultName.get(),
          "one of " + StrictJson.quoted(prompts.keySet().toString()));
    }
    int dimensions = config.integer("truncate_dim", 1, MAX_DIMENSIONS, 0);
    boolean crossEncoder = config.string("model_type", "").equals("CrossEncoder");
    if (crossEncoder && defaultName.isPresent()) {
      throw config.malformed("default_prompt_name", defaultName.get(), "none: a cross-encoder");
    }
    return new SentencePrompts(
        prompts,
        defaultName,
        dimensions == 0 ? OptionalInt.empty() : OptionalInt.of(dimensions),
        crossEncoder,
        crossEncoder ? ScoreFunction.named(config) : Optional.empty());
  }

  /** What is put before texts of requests that name no prompt; mostly empty. */
  public String defaultPrompt() {
    return defaultName.map(name -> byName.getOrDefault(name, "")).orElse("");
  }
}
