package dev.headrace.worker.task;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.body.BodyLimits;
import dev.headrace.protocol.body.ClassificationsRequest;
import dev.headrace.protocol.body.ClassificationsRequest.Label;
import dev.headrace.protocol.body.ClassificationsResponse;
import dev.headrace.protocol.body.ClassificationsResponse.Result;
import dev.headrace.worker.device.Row;
import dev.headrace.worker.device.RowOutput;
import dev.headrace.worker.device.ServedModel;
import dev.headrace.worker.device.TrainedLabels;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

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

  /**
   * Work for a model with labels of its own, or for an embedding model and the labels of the body.
   */
  static Work read(byte[] body, BodyLimits limits, ServedModel model) {
    ClassificationsRequest request = ClassificationsRequest.parse(body, limits);
    TaskReader.requireModel(request.model(), model);
    Optional<TrainedLabels> trained = model.trainedLabels();
    if (request.labels().isEmpty() == trained.isEmpty()) {
      throw new FailureException(
          ErrorCode.INVALID_BODY,
          trained.isPresent()
              ? "labels: "
                  + request.labels().size()
                  + " labels (expected: none, "
                  + model.name()
                  + " has labels of its own)"
              : "labels: missing (expected: an array, " + model.name() + " has none of its own)");
    }
    if (trained.isPresent()) {
      return new TrainedClassificationsWork(
          request.model(), List.copyOf(model.rows(request.input())), trained.get());
    }
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
    Scores.softmax(scores);
    return Scores.result(labels.stream().map(Label::name).toList(), scores);
  }
}
