package dev.headrace.worker.task;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.body.BodyLimits;
import dev.headrace.protocol.body.FillMaskRequest;
import dev.headrace.protocol.body.FillMaskResponse;
import dev.headrace.protocol.body.FillMaskResponse.Candidate;
import dev.headrace.worker.device.MaskFiller;
import dev.headrace.worker.device.MaskFiller.Masked;
import dev.headrace.worker.device.Row;
import dev.headrace.worker.device.RowOutput;
import dev.headrace.worker.device.ServedModel;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code /v1/fill-mask}.
 *
 * @param model name of the model
 * @param texts one per input text
 * @param topK candidates for each mask
 * @param filler of the model
 */
record FillMaskWork(String model, List<Masked> texts, int topK, MaskFiller filler) implements Work {
  /** Chosen: with 100 candidates each the response has some 5 MB. */
  private static final int MAX_MASKS = 1024;

  static FillMaskWork read(byte[] body, BodyLimits limits, ServedModel model) {
    MaskFiller filler =
        model.maskFiller().orElseThrow(() -> TaskReader.unknown(Task.FILL_MASK, model));
    FillMaskRequest request = FillMaskRequest.parse(body, limits);
    TaskReader.requireModel(request.model(), model);
    if (request.topK() > filler.candidates()) {
      throw new FailureException(
          ErrorCode.INVALID_BODY,
          "top_k: " + request.topK() + " (expected: 1.." + filler.candidates() + ")");
    }
    List<Masked> texts = List.copyOf(filler.rows(request.input()));
    int masks = texts.stream().mapToInt(Masked::masks).sum();
    if (masks > MAX_MASKS) {
      throw new FailureException(
          ErrorCode.INPUT_TOO_LARGE,
          "input: " + masks + " masks (expected: at most " + MAX_MASKS + " in one request)");
    }
    return new FillMaskWork(request.model(), texts, request.topK(), filler);
  }

  @Override
  public List<Row> rows() {
    return texts.stream().map(Masked::row).toList();
  }

  @Override
  public byte[] response(List<RowOutput> outputs, List<float[]> shared) {
    List<float[]> values = Vectors.of(outputs);
    List<List<List<Candidate>>> results = new ArrayList<>(values.size());
    for (int i = 0; i < values.size(); i++) {
      results.add(masks(values.get(i), texts.get(i).masks()));
    }
    return new FillMaskResponse(model, results, tokens()).encode();
  }

  private List<List<Candidate>> masks(float[] values, int count) {
    int each = 2 * filler.candidates();
    int first = values.length - count * each;
    List<List<Candidate>> masks = new ArrayList<>(count);
    for (int mask = 0; mask < count; mask++) {
      List<Candidate> candidates = new ArrayList<>(topK);
      for (int k = 0; k < topK; k++) {
        int at = first + mask * each + k;
        int token = (int) values[at + filler.candidates()];
        candidates.add(new Candidate(token, filler.text(token), values[at]));
      }
      masks.add(List.copyOf(candidates));
    }
    return masks;
  }
}
