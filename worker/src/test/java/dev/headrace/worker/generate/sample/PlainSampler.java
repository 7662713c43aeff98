package dev.headrace.worker.generate.sample;

import dev.headrace.protocol.body.Sampling;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The formulas as they stand in transformers, in doubles, with a full sort. */
final class PlainSampler {
  private PlainSampler() {}

  /** A token and its probability. */
  record Choice(int token, double probability) {}

  static double[] penalised(float[] logits, Sampling p, List<Integer> prompt, List<Integer> text) {
    double[] out = new double[logits.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = logits[i];
    }
    Map<Integer, Integer> counts = new HashMap<>();
    prompt.forEach(t -> counts.merge(t, 0, Integer::sum));
    text.forEach(t -> counts.merge(t, 1, Integer::sum));
    counts.forEach(
        (token, count) -> {
          // In floats, as the logits are: else rounding decides between equal ones.
          float x = (float) out[token];
          x = x > 0 ? x / (float) p.repetitionPenalty() : x * (float) p.repetitionPenalty();
          if (count > 0) {
            x -= (float) p.presencePenalty() + (float) p.frequencyPenalty() * count;
          }
          out[token] = x;
        });
    return out;
  }

  /** What may be drawn, in the order in which a draw walks through it. */
  static List<Choice> distribution(double[] logits, Sampling p) {
    List<Choice> all = new ArrayList<>();
    for (int i = 0; i < logits.length; i++) {
      all.add(new Choice(i, logits[i] / p.temperature()));
    }
    all.sort(
        Comparator.comparingDouble((Choice c) -> -c.probability()).thenComparing(Choice::token));
    if (p.topK() > 0 && p.topK() < all.size()) {
      all = all.subList(0, p.topK());
    }
    all = softmax(all);
    List<Choice> nucleus = new ArrayList<>();
    double sum = 0;
    for (Choice c : all) {
      if (nucleus.isEmpty() || sum < p.topP() || p.topP() == 1) {
        nucleus.add(c);
        sum += c.probability();
      }
    }
    double least = nucleus.get(0).probability() * p.minP();
    nucleus.removeIf(c -> c.probability() < least);
    double left = nucleus.stream().mapToDouble(Choice::probability).sum();
    List<Choice> kept = new ArrayList<>();
    nucleus.forEach(c -> kept.add(new Choice(c.token(), c.probability() / left)));
    if (p.topP() == 1 && (p.topK() == 0 || p.topK() >= logits.length)) {
      kept.sort(Comparator.comparingInt(Choice::token));
    }
    return kept;
  }

  private static List<Choice> softmax(List<Choice> logits) {
    double max = logits.get(0).probability();
    double total = logits.stream().mapToDouble(c -> Math.exp(c.probability() - max)).sum();
    return logits.stream()
        .map(c -> new Choice(c.token(), Math.exp(c.probability() - max) / total))
        .toList();
  }
}
