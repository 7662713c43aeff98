package dev.headrace.worker.task;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.InferenceRequest;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.body.BodyLimits;
import dev.headrace.worker.device.ServedModel;

/** Reads the body of a request for its task. */
public final class TaskReader {
  private final BodyLimits limits;

  public TaskReader(BodyLimits limits) {
    this.limits = limits;
  }

  /**
   * The work that a body asks for.
   *
   * @throws FailureException of kind INVALID_REQUEST when the body is wrong
   */
  public Work read(InferenceRequest request, byte[] body, ServedModel model) {
    return switch (request.task()) {
      case EMBEDDINGS -> EmbeddingsWork.read(body, limits, model);
      case CLASSIFICATIONS -> ClassificationsWork.read(body, limits, model);
      case CHAT_COMPLETIONS -> GenerationWork.chat(request, body, limits, model);
      case COMPLETIONS -> GenerationWork.completion(request, body, limits, model);
      case RERANK -> RerankWork.read(body, limits, model);
      case TOKEN_CLASSIFICATIONS -> TokenClassificationsWork.read(body, limits, model);
      case FILL_MASK -> FillMaskWork.read(body, limits, model);
    };
  }

  /** The failure of a request for what its model does not do. */
  static FailureException unknown(Task task, ServedModel model) {
    return new FailureException(
        ErrorCode.UNKNOWN_TASK,
        "task: "
            + task.wireName()
            + " (expected: what "
            + model.name()
            + " does: "
            + String.join(", ", model.tasks().stream().map(Task::wireName).sorted().toList())
            + ")");
  }

  /** The body names the model too, and the cache key and the routing must not differ. */
  static void requireModel(String inBody, ServedModel model) {
    if (!inBody.equals(model.name())) {
      throw new FailureException(
          ErrorCode.INVALID_BODY,
          "model: " + inBody + " (expected: " + model.name() + " as in ce_model)");
    }
  }
}
