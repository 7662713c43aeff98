package dev.headrace.worker.task;

import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.body.BodyLimits;
import dev.headrace.protocol.body.ChatRequest;
import dev.headrace.protocol.body.CompletionRequest;
import dev.headrace.protocol.body.FinishReason;
import dev.headrace.protocol.body.GenerationRequest;
import dev.headrace.protocol.body.GenerationResponse;
import dev.headrace.protocol.body.GenerationResponse.Choice;
import dev.headrace.protocol.body.TokenUsage;
import dev.headrace.worker.device.Row;
import dev.headrace.worker.device.RowOutput;
import dev.headrace.worker.device.RowOutput.Generated;
import dev.headrace.worker.device.ServedModel;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code /v1/chat/completions} and {@code /v1/completions}: one row for each prompt and choice.
 *
 * @param request what is asked
 * @param id of the request, repeated in the response
 * @param created when it was submitted, in seconds since 1970
 * @param rows in the order of the prompts and, for each, of its choices
 */
public record GenerationWork(GenerationRequest request, String id, long created, List<Row> rows)
    implements Work {

  static GenerationWork chat(
      InferenceRequest envelope, byte[] body, BodyLimits limits, ServedModel model) {
    return of(envelope, ChatRequest.parse(body, limits), model);
  }

  static GenerationWork completion(
      InferenceRequest envelope, byte[] body, BodyLimits limits, ServedModel model) {
    return of(envelope, CompletionRequest.parse(body, limits), model);
  }

  private static GenerationWork of(
      InferenceRequest envelope, GenerationRequest request, ServedModel model) {
    TaskReader.requireModel(request.model(), model);
    return new GenerationWork(
        request,
        envelope.id(),
        envelope.time().getEpochSecond(),
        List.copyOf(model.generate(request)));
  }

  @Override
  public boolean repeatable() {
    return request.options().sampling().repeatable();
  }

  @Override
  public boolean streamed() {
    return request.options().stream();
  }

  @Override
  public byte[] response(List<RowOutput> outputs, List<float[]> shared) {
    return response(outputs).encode(request.task());
  }

  @Override
  public byte[] partial(List<RowOutput> outputs, FinishReason reason, String message) {
    String code = reason == FinishReason.DEADLINE ? "expired" : reason.wireName();
    return response(outputs)
        .encodePartial(request.task(), reason.wireName() + "_error", code, message);
  }

  private GenerationResponse response(List<RowOutput> outputs) {
    List<Choice> choices = new ArrayList<>(outputs.size());
    long prompt = 0;
    long cached = 0;
    long generated = 0;
    for (int i = 0; i < outputs.size(); i++) {
      if (outputs.get(i) instanceof RowOutput.Failed failed) {
        throw new FailureException(failed.failure());
      }
      Generated text = (Generated) outputs.get(i);
      choices.add(new Choice(i, text.text(), text.finish(), text.logprobs()));
      generated += text.tokens();
      if (i % request.options().choices() == 0) {
        prompt += text.promptTokens();
        cached += text.cachedTokens();
      }
    }
    return new GenerationResponse(
        id, created, request.model(), choices, new TokenUsage(prompt, generated, cached));
  }
}
