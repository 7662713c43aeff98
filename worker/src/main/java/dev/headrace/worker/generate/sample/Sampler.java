package dev.headrace.worker.generate.sample;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.body.Sampling;
import dev.headrace.worker.generate.session.Candidates;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * Chooses tokens. Holds scratch memory, no state: the same arguments give the same token. For one
 * thread.
 *
 * <p>The order is that of Hugging Face's {@code generate}: repetition penalty (then OpenAI's
 * presence and frequency penalties, which it does not have), temperature, top-k, top-p, min-p; for
 * there the defaults in {@code generation_config.json} come from. llama.cpp has the temperature
 * last. With a temperature of 1 they agree.
 */
public final class Sampler {
  private final Selection selection = new Selection();
  private final Weights weights = new Weights();
  private double[] chosen = new double[256];
  private float[] given = new float[0];
  private float[] changed = new float[0];

  /** Whether the most likely token is always taken, so that nothing but it need be known. */
  public static boolean greedy(Sampling sampling) {
    return picksHighest(sampling) && !penalises(sampling) && sampling.logprobs() < 0;
  }

  private static boolean picksHighest(Sampling sampling) {
    return sampling.temperature() == 0 || sampling.topK() == 1;
  }

  private static boolean penalises(Sampling sampling) {
    return sampling.repetitionPenalty() != 1
        || sampling.presencePenalty() != 0
        || sampling.frequencyPenalty() != 0;
  }

  /**
   * Chooses the next token of a text.
   *
   * @param row {@code [vocabulary] float32}, the logits
   * @param seed with the position it determines the draw
   * @param so what the text has so far
   * @param position of the token in the text, from 0
   * @throws FailureException INTERNAL_ERROR when the logits are not numbers
   */
  public Sampled next(FloatBuffer row, Sampling sampling, long seed, TokenCounts so, int position) {
    int size = row.remaining();
    if (given.length != size) {
      given = new float[size];
    }
    row.get(row.position(), given);
    float[] logits = given;
    if (penalises(sampling)) {
      changed = given.clone();
      so.penalise(changed, sampling);
      logits = changed;
    }
    int token = token(logits, sampling, seed, position);
    return sampling.logprobs() < 0
        ? new Sampled(token, 0, List.of())
        : described(token, sampling.logprobs());
  }

  /** Whether {@link #among} may do for {@link #next}. */
  public static boolean samplesFew(Sampling sampling) {
    return !picksHighest(sampling)
        && !penalises(sampling)
        && sampling.logprobs() < 0
        && (sampling.topP() < 1 || (sampling.topK() > 0 && sampling.topK() <= Candidates.COUNT));
  }

  /**
   * The token that {@link #next} would choose, if the most likely ones are enough to tell.
   *
   * @param few of the row, at the sampling's temperature
   * @throws FailureException INTERNAL_ERROR when the logits are not numbers
   */
  public OptionalInt among(Candidates few, Sampling p, long seed, int position) {
    float max = few.logits()[0];
    requireNumbers(max, "logit " + few.ids()[0]);
    double share = CounterRandom.uniform(seed, position);
    if (p.topK() > 0) {
      if (p.topK() > few.count()) {
        return OptionalInt.empty();
      }
      selection.first(few.ids(), few.logits(), p.topK());
      return OptionalInt.of(drawn(p, max, 0, share));
    }
    requireNumbers(few.total(), "sum of probabilities");
    double sum = 0;
    double weight = 1;
    for (float logit : few.logits()) {
      weight = Math.exp((logit - (double) max) / p.temperature());
      sum += weight;
    }
    if (sum < p.topP() * few.total() && weight >= p.minP()) {
      return OptionalInt.empty();
    }
    selection.first(few.ids(), few.logits(), few.count());
    return OptionalInt.of(drawn(p, max, few.total(), share));
  }

  private int token(float[] logits, Sampling p, long seed, int position) {
    int best = highest(logits);
    if (picksHighest(p)) {
      return best;
    }
    double share = CounterRandom.uniform(seed, position);
    float max = logits[best];
    if (p.topK() > 0 && p.topK() < logits.length) {
      selection.top(logits, p.topK());
      return drawn(p, max, 0, share);
    }
    weights.fill(logits, max, p.temperature(), p.topP() < 1 ? 0 : p.minP());
    requireNumbers(weights.total(), "sum of probabilities");
    if (p.topP() >= 1) {
      return weights.draw(share);
    }
    selection.head(weights.values(), logits, weights.total(), p.topP());
    return drawn(p, max, weights.total(), share);
  }

  /** The first of the highest. */
  private static int highest(float[] logits) {
    int best = 0;
    float max = logits[0];
    for (int i = 1; i < logits.length; i++) {
      float logit = logits[i];
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
  private int drawn(Sampling p, float max, double total, double share) {
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

  /** With the probabilities that the model gives, before penalties and temperature. */
  private Sampled described(int token, int top) {
    float max = given[highest(given)];
    weights.fill(given, max, 1, 0);
    requireNumbers(weights.total(), "sum of probabilities");
    double base = max + Math.log(weights.total());
    List<Sampled.Alternative> alternatives = new ArrayList<>(top);
    if (top > 0) {
      selection.top(given, top);
      for (int i = 0; i < selection.count(); i++) {
        alternatives.add(new Sampled.Alternative(selection.token(i), selection.logit(i) - base));
      }
    }
    return new Sampled(token, given[token] - base, alternatives);
  }
}
