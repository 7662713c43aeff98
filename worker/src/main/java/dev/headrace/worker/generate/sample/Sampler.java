package dev.headrace.worker.generate.sample;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import java.util.ArrayList;
import java.util.List;

/**
 * Chooses tokens. Holds scratch memory, no state: the same arguments give the same token. For one
 * thread.
 *
 * <p>The order is that of Hugging Face's {@code generate} (logits processors, then temperature,
 * top-k, top-p, min-p), for there the defaults in {@code generation_config.json} come from;
 * llama.cpp has the temperature last. With a temperature of 1 they agree.
 */
public final class Sampler {
  private final Selection selection = new Selection();
  private final Weights weights = new Weights();
  private double[] chosen = new double[256];
  private float[] changed = new float[0];

  /**
   * Chooses the next token of a text.
   *
   * @param logits [rows, vocabulary] float32, not changed
   * @param from where the text's row begins
   * @param size of the vocabulary
   * @param so what the text has so far
   * @param choice which of the request's texts
   * @param position of the token in the text, from 0
   * @throws FailureException INTERNAL_ERROR when the logits are not numbers
   */
  public Sampled next(
      float[] logits,
      int from,
      int size,
      SamplingParameters parameters,
      TokenCounts so,
      int choice,
      int position) {
    int token;
    if (parameters.penalises()) {
      float[] own = changed(logits, from, size, parameters, so);
      token = token(own, 0, size, parameters, choice, position);
    } else {
      token = token(logits, from, size, parameters, choice, position);
    }
    return parameters.topLogprobs() < 0
        ? new Sampled(token, 0, List.of())
        : described(logits, from, size, token, parameters.topLogprobs());
  }

  private float[] changed(
      float[] logits, int from, int size, SamplingParameters parameters, TokenCounts so) {
    if (changed.length != size) {
      changed = new float[size];
    }
    System.arraycopy(logits, from, changed, 0, size);
    parameters
        .bias()
        .forEach(
            (token, value) -> {
              if (token >= 0 && token < size) {
                changed[token] += value;
              }
            });
    so.penalise(changed, parameters);
    return changed;
  }

  private int token(
      float[] logits, int from, int size, SamplingParameters p, int choice, int position) {
    int best = highest(logits, from, size);
    if (p.greedy()) {
      return best;
    }
    double share = CounterRandom.uniform(p.seed(), choice, position);
    float max = logits[from + best];
    if (p.topK() > 0 && p.topK() < size) {
      selection.top(logits, from, size, p.topK());
      return drawn(p, max, 0, share);
    }
    weights.fill(logits, from, size, max, p.temperature(), p.topP() < 1 ? 0 : p.minP());
    requireNumbers(weights.total(), "sum of probabilities");
    if (p.topP() == 1) {
      return weights.draw(share);
    }
    selection.head(weights.values(), logits, from, size, weights.total(), p.topP());
    return drawn(p, max, weights.total(), share);
  }

  /** The first of the highest. */
  private static int highest(float[] logits, int from, int size) {
    int best = 0;
    float max = logits[from];
    for (int i = 1; i < size; i++) {
      float logit = logits[from + i];
      if (logit > max) {
        max = logit;
        best = i;
      }
    }
    requireNumbers(max, "logit " + best);
    return best;
  }

  private static void requireNumbers(double value, String what) {
    if (!Double.isFinite(value)) {
      throw new FailureException(
          ErrorCode.INTERNAL_ERROR, what + ": " + value + " (expected: a finite number)");
    }
  }

  /**
   * Draws among the selected, after top-p and min-p.
   *
   * @param total weight of all tokens; 0 after top-k, where only the selected count
   */
  private int drawn(SamplingParameters p, float max, double total, double share) {
    int n = selection.count();
    if (chosen.length < n) {
      chosen = new double[n];
    }
    double all = 0;
    for (int i = 0; i < n; i++) {
      chosen[i] = Math.exp((selection.logit(i) - (double) max) / p.temperature());
      all += chosen[i];
    }
    requireNumbers(all, "sum of probabilities");
    double limit = p.topP() * (total > 0 ? total : all);
    int kept = 0;
    double sum = 0;
    while (kept < n && (kept == 0 || (sum < limit && chosen[kept] >= p.minP()))) {
      sum += chosen[kept++];
    }
    double left = share * sum;
    for (int i = 0; i < kept - 1; i++) {
      left -= chosen[i];
      if (left < 0) {
        return selection.token(i);
      }
    }
    return selection.token(kept - 1);
  }

  private Sampled described(float[] logits, int from, int size, int token, int top) {
    float max = logits[from + highest(logits, from, size)];
    weights.fill(logits, from, size, max, 1, 0);
    requireNumbers(weights.total(), "sum of probabilities");
    double base = max + Math.log(weights.total());
    List<Sampled.Alternative> alternatives = new ArrayList<>(top);
    if (top > 0) {
      selection.top(logits, from, size, top);
      for (int i = 0; i < selection.count(); i++) {
        alternatives.add(new Sampled.Alternative(selection.token(i), selection.logit(i) - base));
      }
    }
    return new Sampled(token, logits[from + token] - base, alternatives);
  }
}
