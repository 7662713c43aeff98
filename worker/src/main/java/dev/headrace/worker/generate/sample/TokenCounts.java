package dev.headrace.worker.generate.sample;

import dev.headrace.protocol.body.Sampling;
import java.util.Arrays;

/**
 * How often each token occurs in a text so far: an open-addressing table from token to count, where
 * tokens of the prompt alone count 0. It grows with the text, not with the vocabulary.
 */
public final class TokenCounts {
  private static final int EMPTY = -1;

  private int[] tokens = new int[64];
  private int[] counts = new int[64];
  private int size;

  /** Nothing is counted yet. */
  public TokenCounts() {
    Arrays.fill(tokens, EMPTY);
  }

  /** Notes a token of the prompt. */
  public void prompt(int token) {
    slot(token);
  }

  /** Counts a token of the text. */
  public void generated(int token) {
    int slot = slot(token);
    counts[slot]++;
  }

  private int slot(int token) {
    if (size * 2 >= tokens.length) {
      grow();
    }
    int slot = find(token);
    if (tokens[slot] == EMPTY) {
      tokens[slot] = token;
      size++;
    }
    return slot;
  }

  private int find(int token) {
    int mask = tokens.length - 1;
    int slot = ((token * 0x9E3779B9) >>> 7) & mask;
    while (tokens[slot] != EMPTY && tokens[slot] != token) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private void grow() {
    int[] oldTokens = tokens;
    int[] oldCounts = counts;
    tokens = new int[oldTokens.length * 2];
    counts = new int[tokens.length];
    Arrays.fill(tokens, EMPTY);
    for (int i = 0; i < oldTokens.length; i++) {
      if (oldTokens[i] != EMPTY) {
        int slot = find(oldTokens[i]);
        tokens[slot] = oldTokens[i];
        counts[slot] = oldCounts[i];
      }
    }
  }

  /** Takes the penalties of {@code sampling} off {@code logits [vocabulary]}, in place. */
  void penalise(float[] logits, Sampling sampling) {
    float repetition = (float) sampling.repetitionPenalty();
    float presence = (float) sampling.presencePenalty();
    float frequency = (float) sampling.frequencyPenalty();
    for (int i = 0; i < tokens.length; i++) {
      int token = tokens[i];
      if (token == EMPTY || token >= logits.length) {
        continue;
      }
      float logit = logits[token];
      logit = logit > 0 ? logit / repetition : logit * repetition;
      if (counts[i] > 0) {
        logit -= presence + frequency * counts[i];
      }
      logits[token] = logit;
    }
  }
}
