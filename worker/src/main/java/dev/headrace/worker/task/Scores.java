package dev.headrace.worker.task;

import dev.headrace.protocol.body.ClassificationsResponse.Result;
import dev.headrace.protocol.body.ClassificationsResponse.Score;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The scores of labels. */
final class Scores {
  private Scores() {}

  /** The label with the highest score, and the scores of all, highest first. */
  static Result result(List<String> labels, double[] scores) {
    List<Score> sorted = new ArrayList<>(scores.length);
    for (int i = 0; i < scores.length; i++) {
      sorted.add(new Score(labels.get(i), scores[i]));
    }
    sorted.sort(Comparator.comparingDouble(Score::score).reversed());
    return new Result(sorted.get(0).label(), sorted);
  }

  /** Replaces values by what the softmax makes of them. */
  static void softmax(double[] x) {
    double max = Double.NEGATIVE_INFINITY;
    for (double value : x) {
      max = Math.max(max, value);
    }
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      x[i] = Math.exp(x[i] - max);
      sum += x[i];
    }
    for (int i = 0; i < x.length; i++) {
      x[i] /= sum;
    }
  }
}
