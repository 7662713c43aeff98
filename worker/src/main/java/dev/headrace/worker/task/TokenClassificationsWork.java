package dev.headrace.worker.task;

import dev.headrace.protocol.Task;
import dev.headrace.protocol.body.BodyLimits;
import dev.headrace.protocol.body.TokenClassificationsRequest;
import dev.headrace.protocol.body.TokenClassificationsResponse;
import dev.headrace.protocol.body.TokenClassificationsResponse.Result;
import dev.headrace.worker.device.Row;
import dev.headrace.worker.device.RowOutput;
import dev.headrace.worker.device.ServedModel;
import dev.headrace.worker.device.TokenTagger;
import dev.headrace.worker.device.TokenTagger.Tagged;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code /v1/token-classifications}.
 *
 * @param request the body
 * @param texts one per input text
 * @param labels those of the model
 */
record TokenClassificationsWork(
    TokenClassificationsRequest request, List<Tagged> texts, List<String> labels) implements Work {

  static TokenClassificationsWork read(byte[] body, BodyLimits limits, ServedModel model) {
    TokenTagger tagger =
        model
            .tokenTagger()
            .orElseThrow(() -> TaskReader.unknown(Task.TOKEN_CLASSIFICATIONS, model));
    TokenClassificationsRequest request = TokenClassificationsRequest.parse(body, limits);
    TaskReader.requireModel(request.model(), model);
    return new TokenClassificationsWork(
        request, List.copyOf(tagger.rows(request.input())), tagger.labels());
  }

  @Override
  public List<Row> rows() {
    return texts.stream().map(Tagged::row).toList();
  }

  @Override
  public byte[] response(List<RowOutput> outputs, List<float[]> shared) {
    List<float[]> logits = Vectors.of(outputs);
    Entities entities = new Entities(labels, request.aggregation());
    List<Result> results = new ArrayList<>(logits.size());
    for (int i = 0; i < logits.size(); i++) {
      Tagged text = texts.get(i);
      results.add(
          new Result(
              entities.of(request.input().get(i), text.spans(), logits.get(i)), text.truncated()));
    }
    return new TokenClassificationsResponse(request.model(), results, tokens()).encode();
  }
}
