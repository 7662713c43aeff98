package dev.headrace.protocol.body;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import dev.headrace.protocol.Task;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The response of {@code /v1/chat/completions} and {@code /v1/completions}.
 *
 * @param id of the request that was run
 * @param created when that was submitted, in seconds since 1970
 * @param model name of the model
 * @param choices of prompt 0 first, in the order of the prompts
 * @param usage what it took
 */
public record GenerationResponse(
    String id, long created, String model, List<Choice> choices, TokenUsage usage) {

  public GenerationResponse {
    choices = List.copyOf(choices);
  }

  /**
   * One generated text.
   *
   * @param index its place
   * @param text what was generated
   * @param finish why it ended
   * @param logprobs of its tokens; null unless asked for
   */
  public record Choice(
      int index, String text, FinishReason finish, @Nullable List<TokenLogprob> logprobs) {
    public Choice {
      logprobs = logprobs == null ? null : List.copyOf(logprobs);
    }
  }

  /** Writes the response in the shape of the task. */
  public byte[] encode(Task task) {
    return JsonBody.write(sizeHint(), json -> write(json, task));
  }

  /**
   * Writes the body of a generation that was ended before its time: OpenAI's error object, and
   * beside it what there was, in the shape of the task.
   */
  public byte[] encodePartial(Task task, String type, String code, String message) {
    return JsonBody.write(
        sizeHint(),
        json -> {
          ErrorBody.write(json, type, code, message);
          write(json, task);
        });
  }

  private int sizeHint() {
    return 256 + choices.stream().mapToInt(c -> c.text().length() + 100).sum();
  }

  private void write(JsonGenerator json, Task task) throws IOException {
    boolean chat = task == Task.CHAT_COMPLETIONS;
    json.writeStringField("id", id);
    json.writeStringField("object", chat ? "chat.completion" : "text_completion");
    json.writeNumberField("created", created);
    json.writeStringField("model", model);
    json.writeArrayFieldStart("choices");
    for (Choice choice : choices) {
      json.writeStartObject();
      json.writeNumberField("index", choice.index());
      if (chat) {
        json.writeObjectFieldStart("message");
        json.writeStringField("role", "assistant");
        json.writeStringField("content", choice.text());
        json.writeEndObject();
      } else {
        json.writeStringField("text", choice.text());
      }
      Logprobs.write(json, task, choice.logprobs());
      json.writeStringField("finish_reason", choice.finish().wireName());
      json.writeEndObject();
    }
    json.writeEndArray();
    usage.write(json);
  }

  /**
   * Reads a response in either shape, also one of another server, or what a generation that was
   * ended before its time left.
   *
   * @throws dev.headrace.protocol.FailureException INVALID_BODY
   */
  public static GenerationResponse parse(byte[] bytes) {
    JsonBody body = JsonBody.parse(bytes);
    List<Choice> choices = new ArrayList<>();
    for (JsonNode item : body.requireArray("choices")) {
      choices.add(choice(item));
    }
    return new GenerationResponse(
        body.field("id").map(JsonNode::asText).orElse(""),
        body.field("created").map(JsonNode::asLong).orElse(0L),
        body.field("model").map(JsonNode::asText).orElse(""),
        choices,
        body.field("usage").map(TokenUsage::read).orElse(TokenUsage.NONE));
  }

  private static Choice choice(JsonNode item) {
    JsonNode text = item.has("message") ? item.path("message").path("content") : item.path("text");
    if (!text.isTextual() && !text.isNull()) {
      throw JsonBody.invalid("choices", JsonBody.describe(text), "choices with a text");
    }
    String reason = item.path("finish_reason").asText("");
    FinishReason finish =
        FinishReason.ofWireName(reason)
            .orElseThrow(
                () -> JsonBody.invalid("finish_reason", reason, "stop, length or the like"));
    return new Choice(
        item.path("index").asInt(),
        text.isNull() ? "" : text.textValue(),
        finish,
        Logprobs.read(item.path("logprobs")));
  }
}
