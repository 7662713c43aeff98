package dev.headrace.worker.task;

import dev.headrace.protocol.body.BodyLimits;
import dev.headrace.protocol.body.ClassificationsRequest;
import dev.headrace.protocol.body.ClassificationsRequest.Label;
import dev.headrace.protocol.body.ClassificationsResponse;
import dev.headrace.protocol.body.ClassificationsResponse.Result;
import dev.headrace.protocol.body.ClassificationsResponse.Score;
import dev.headrace.worker.device.Row;
import dev.headrace.worker.device.RowOutput;
import dev.headrace.worker.device.ServedModel;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * {@code /v1/classifications} with an embedding model: a text belongs to the label whose
 * description is nearest. The scores of a text are {@code softmax(20 × cosine)} over its labels; 20
 * is the scale with which sentence-transformers trains such models (MultipleNegativesRankingLoss,
 * {@code scale=20.0}), so the scores are the probabilities that the model was trained to give.
 *
 * @param model name of the model
 * @param rows one per text
 * @param labels at least two
 */
record ClassificationsWork(String model, List<Row> rows, List<Label> labels) implements Work {
  private static final double SCALE = 20.0;

  static ClassificationsWork read(byte[] body, BodyLimits limits, ServedModel model) {
    ClassificationsRequest request = ClassificationsRequest.parse(body, limits);
    TaskReader.requireModel(request.model(), model);
    return new ClassificationsWork(
        request.model(), List.copyOf(model.rows(request.input())), request.labels());
  }

  @Override
  public List<String> sharedTexts() {
    return labels.stream().map(Label::description).toList();
  }

  @Override
  public byte[] response(List<RowOutput> outputs, List<float[]> shared) {
    List<Result> results = new ArrayList<>(outputs.size());
    for (float[] vector : Vectors.of(outputs)) {
      results.add(result(vector, shared));
    }
    return new ClassificationsResponse(model, results, tokens()).encode();
  }

  private Result result(float[] vector, List<float[]> descriptions) {
    double[] scores = new double[labels.size()];
    for (int i = 0; i < scores.length; i++) {
      scores[i] = SCALE * Vectors.cosine(vector, descriptions.get(i));
    }
    softmax(scores);
    List<Score> sorted = new ArrayList<>(scores.length);
    for (int i = 0; i < scores.length; i++) {
      sorted.add(new Score(labels.get(i).name(), scores[i]));
    }
    sorted.sort(Comparator.comparingDouble(Score::score).reversed());
    return new Result(sorted.get(0).label(), sorted);
  }

  private static void softmax(double[] x) {
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
