package dev.headrace.worker.task;

import dev.headrace.protocol.body.ClassificationsResponse;
import dev.headrace.protocol.body.ClassificationsResponse.Result;
import dev.headrace.worker.device.Row;
import dev.headrace.worker.device.RowOutput;
import dev.headrace.worker.device.TrainedLabels;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code /v1/classifications} with a model that was trained on labels of its own: logits become
 * scores by softmax or, where a text may have several labels, by a sigmoid for each.
 *
 * @param model name of the model
 * @param rows one per text
 * @param labels those of the model
 */
record TrainedClassificationsWork(String model, List<Row> rows, TrainedLabels labels)
    implements Work {
  @Override
  public byte[] response(List<RowOutput> outputs, List<float[]> shared) {
    List<Result> results = new ArrayList<>(outputs.size());
    for (float[] logits : Vectors.of(outputs)) {
      results.add(Scores.result(labels.names(), scores(logits)));
    }
    return new ClassificationsResponse(model, results, tokens()).encode();
  }

  private double[] scores(float[] logits) {
    double[] scores = new double[logits.length];
    for (int i = 0; i < scores.length; i++) {
      scores[i] = labels.multiLabel() ? 1 / (1 + Math.exp(-logits[i])) : logits[i];
    }
    if (!labels.multiLabel()) {
      Scores.softmax(scores);
    }
    return scores;
  }
}
