package dev.headrace.worker.model;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A TorchScript file that somebody else made: what its {@code forward} takes and gives.
 *
 * @param file the archive
 * @param inputs what {@code forward} takes, in order, each {@code [batch, tokens] int64}
 * @param outputs names of what it gives: of one tensor, of a tuple's parts in order, or keys of a
 *     dictionary
 * @param output the one of them that counts, floating-point
 * @param perToken whether that is {@code [batch, tokens, width]}, else {@code [batch, width]}
 * @param width the last size of that
 * @param precision what it computes in, which cannot be chosen
 */
public record ReadyScript(
    Path file,
    List<Input> inputs,
    List<String> outputs,
    String output,
    boolean perToken,
    int width,
    Precision precision) {
  public ReadyScript {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
    if (!outputs.contains(output)) {
      throw new IllegalArgumentException(
          "output: " + output + " (expected: one of " + outputs + ")");
    }
  }

  /** What a text encoder may be given. */
  public enum Input {
    /** Token ids; 0 where a row is padded. */
    INPUT_IDS("input_ids"),
    /** 1 for tokens, 0 for padding. */
    ATTENTION_MASK("attention_mask"),
    /** Which of two texts a token is from: 0 or 1. */
    TOKEN_TYPE_IDS("token_type_ids"),
    /** 0, 1, 2 and so on in each row. */
    POSITION_IDS("position_ids");

    private final String label;

    Input(String label) {
      this.label = label;
    }

    /** As transformers call it. */
    public String label() {
      return label;
    }

    public static Optional<Input> ofLabel(String label) {
      return Arrays.stream(values()).filter(i -> i.label.equals(label)).findFirst();
    }
  }
}
