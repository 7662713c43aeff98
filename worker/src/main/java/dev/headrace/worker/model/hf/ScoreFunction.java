package dev.headrace.worker.model.hf;

import dev.headrace.worker.model.weights.MalformedModelException;
import java.util.Optional;

/** What a cross-encoder's logit goes through before it is a score. */
public enum ScoreFunction {
  SIGMOID("torch.nn.modules.activation.Sigmoid"),
  IDENTITY("torch.nn.modules.linear.Identity");

  private static final String ACTIVATION = "activation_fn";

  private final String pythonName;

  ScoreFunction(String pythonName) {
    this.pythonName = pythonName;
  }

  /**
   * As sentence-transformers reads {@code config.json}: {@code sentence_transformers.activation_fn}
   * (from version 4 on), {@code sbert_ce_default_activation_function} (before), else sigmoid for
   * one label and nothing for several.
   */
  public static ScoreFunction of(HfConfig config) throws MalformedModelException {
    Optional<HfConfig> section = config.object("sentence_transformers");
    if (section.isPresent() && section.get().has(ACTIVATION)) {
      return named(section.get(), ACTIVATION);
    }
    if (config.has("sbert_ce_default_activation_function")) {
      return named(config, "sbert_ce_default_activation_function");
    }
    return config.labels().size() == 1 ? SIGMOID : IDENTITY;
  }

  /** {@code activation_fn}, if the file has it. */
  static Optional<ScoreFunction> named(HfConfig config) throws MalformedModelException {
    return config.has(ACTIVATION) ? Optional.of(named(config, ACTIVATION)) : Optional.empty();
  }

  private static ScoreFunction named(HfConfig config, String key) throws MalformedModelException {
    String name = config.string(key);
    for (ScoreFunction function : values()) {
      if (function.pythonName.equals(name)) {
        return function;
      }
    }
    throw config.malformed(key, name, SIGMOID.pythonName + " or " + IDENTITY.pythonName);
  }
}
