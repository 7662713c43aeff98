package dev.headrace.worker.model.hf;

import dev.headrace.worker.model.weights.MalformedModelException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * {@code 1_Pooling/config.json}.
 *
 * @param hiddenSize width of the hidden states it was made for
 * @param modes at least one; the vector is their results one after the other
 * @param includePrompt whether the tokens of a prompt take part
 */
public record SentencePooling(int hiddenSize, List<PoolingMode> modes, boolean includePrompt) {
  private static final int MAX_HIDDEN_SIZE = 1 << 20;

  public SentencePooling {
    modes = List.copyOf(modes);
    if (modes.isEmpty()) {
      throw new IllegalArgumentException("modes: none (expected: at least one)");
    }
  }

  /** Width of the vectors. */
  public int dimension() {
    return hiddenSize * modes.size();
  }

  static SentencePooling read(HfConfig config) throws MalformedModelException {
    String size =
        config.has("embedding_dimension") ? "embedding_dimension" : "word_embedding_dimension";
    return new SentencePooling(
        config.integer(size, 1, MAX_HIDDEN_SIZE),
        config.has("pooling_mode") ? named(config) : flagged(config),
        config.flag("include_prompt", true));
  }

  private static List<PoolingMode> named(HfConfig config) throws MalformedModelException {
    List<PoolingMode> modes = new ArrayList<>();
    for (String name : config.strings("pooling_mode")) {
      modes.add(
          Arrays.stream(PoolingMode.values())
              .filter(mode -> mode.fileName().equals(name))
              .findFirst()
              .orElseThrow(() -> config.malformed("pooling_mode", name, names())));
    }
    if (modes.isEmpty() || modes.size() > PoolingMode.values().length) {
      throw config.malformed("pooling_mode", modes.size() + " modes", names());
    }
    return modes;
  }

  /** Without any flag set, sentence-transformers takes the mean. */
  private static List<PoolingMode> flagged(HfConfig config) throws MalformedModelException {
    List<PoolingMode> modes = new ArrayList<>();
    for (PoolingMode mode : PoolingMode.values()) {
      if (config.flag(mode.oldKey(), false)) {
        modes.add(mode);
      }
    }
    return modes.isEmpty() ? List.of(PoolingMode.MEAN) : modes;
  }

  private static String names() {
    return Arrays.stream(PoolingMode.values())
        .map(PoolingMode::fileName)
        .collect(Collectors.joining(", "));
  }
}
