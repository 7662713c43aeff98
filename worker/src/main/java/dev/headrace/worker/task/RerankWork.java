package dev.headrace.worker.task;

import dev.headrace.protocol.Task;
import dev.headrace.protocol.body.BodyLimits;
import dev.headrace.protocol.body.RerankRequest;
import dev.headrace.protocol.body.RerankResponse;
import dev.headrace.protocol.body.RerankResponse.Result;
import dev.headrace.worker.device.PairScorer;
import dev.headrace.worker.device.Row;
import dev.headrace.worker.device.RowOutput;
import dev.headrace.worker.device.ServedModel;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * {@code /v1/rerank} with a cross-encoder: it reads the query with each document. Of documents with
 * the same score the earlier one comes first.
 *
 * @param request the body
 * @param rows one per document
 * @param scorer of the model
 */
record RerankWork(RerankRequest request, List<Row> rows, PairScorer scorer) implements Work {

  static RerankWork read(byte[] body, BodyLimits limits, ServedModel model) {
    PairScorer scorer =
        model.pairScorer().orElseThrow(() -> TaskReader.unknown(Task.RERANK, model));
    RerankRequest request = RerankRequest.parse(body, limits);
    TaskReader.requireModel(request.model(), model);
    List<Row> rows = List.copyOf(scorer.rows(request.query(), request.documents()));
    return new RerankWork(request, rows, scorer);
  }

  @Override
  public byte[] response(List<RowOutput> outputs, List<float[]> shared) {
    List<float[]> logits = Vectors.of(outputs);
    List<Result> results = new ArrayList<>(logits.size());
    for (int i = 0; i < logits.size(); i++) {
      String document = request.returnDocuments() ? request.documents().get(i) : null;
      results.add(new Result(i, scorer.score(logits.get(i)[0]), document));
    }
    results.sort(Comparator.comparingDouble(Result::score).reversed());
    int named = request.topN() == 0 ? results.size() : Math.min(request.topN(), results.size());
    return new RerankResponse(request.model(), results.subList(0, named), tokens()).encode();
  }
}
