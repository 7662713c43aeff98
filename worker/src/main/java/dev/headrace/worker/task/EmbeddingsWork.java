package dev.headrace.worker.task;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.body.BodyLimits;
import dev.headrace.protocol.body.EmbeddingsRequest;
import dev.headrace.protocol.body.EmbeddingsResponse;
import dev.headrace.protocol.body.VectorEncoding;
import dev.headrace.worker.device.Row;
import dev.headrace.worker.device.RowOutput;
import dev.headrace.worker.device.ServedModel;
import java.util.List;

/**
 * {@code /v1/embeddings}.
 *
 * @param model name of the model
 * @param rows one per text
 * @param encoding how the vectors are written
 * @param dimensions components to keep, 0 for all
 */
record EmbeddingsWork(String model, List<Row> rows, VectorEncoding encoding, int dimensions)
    implements Work {

  static EmbeddingsWork read(byte[] body, BodyLimits limits, ServedModel model) {
    EmbeddingsRequest request = EmbeddingsRequest.parse(body, limits);
    TaskReader.requireModel(request.model(), model);
    if (request.dimensions() > model.dimension()) {
      throw new FailureException(
          ErrorCode.INVALID_BODY,
          "dimensions: " + request.dimensions() + " (expected: 1.." + model.dimension() + ")");
    }
    return new EmbeddingsWork(
        request.model(),
        List.copyOf(rows(request, model)),
        request.encoding(),
        request.dimensions());
  }

  private static List<Row> rows(EmbeddingsRequest request, ServedModel model) {
    String prompt = request.promptName();
    if (prompt == null) {
      return model.rows(request.input());
    }
    if (!model.prompts().contains(prompt)) {
      throw new FailureException(
          ErrorCode.INVALID_BODY,
          "prompt_name: "
              + prompt
              + " (expected: "
              + (model.prompts().isEmpty()
                  ? "none, " + model.name() + " has no prompts"
                  : "one of " + String.join(", ", model.prompts()))
              + ")");
    }
    return model.rows(request.input(), prompt);
  }

  @Override
  public byte[] response(List<RowOutput> outputs, List<float[]> shared) {
    List<float[]> vectors = Vectors.of(outputs);
    if (dimensions > 0) {
      vectors = vectors.stream().map(v -> Vectors.shortened(v, dimensions)).toList();
    }
    return new EmbeddingsResponse(model, vectors, tokens()).encode(encoding);
  }
}
