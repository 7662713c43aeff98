package dev.headrace.protocol.body;

import com.fasterxml.jackson.databind.JsonNode;
import dev.headrace.protocol.Task;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A piece of a streamed text, in the shape of OpenAI's streams.
 *
 * @param id of the request
 * @param created when it was submitted, in seconds since 1970
 * @param model name of the model
 * @param index of the choice
 * @param text what came since the last piece of this choice
 * @param finish why the choice ended; null while it goes on
 * @param logprobs of the tokens in this piece; null unless asked for
 * @param usage in the last piece of a server upstream, if it was asked for; else null
 */
public record GenerationChunk(
    String id,
    long created,
    String model,
    int index,
    String text,
    @Nullable FinishReason finish,
    @Nullable List<TokenLogprob> logprobs,
    @Nullable TokenUsage usage) {

  public GenerationChunk {
    logprobs = logprobs == null ? null : List.copyOf(logprobs);
  }

  /** Writes the chunk in the shape of the task. */
  public byte[] encode(Task task) {
    boolean chat = task == Task.CHAT_COMPLETIONS;
    return JsonBody.write(
        160 + text.length(),
        json -> {
          json.writeStringField("id", id);
          json.writeStringField("object", chat ? "chat.completion.chunk" : "text_completion");
          json.writeNumberField("created", created);
          json.writeStringField("model", model);
          json.writeArrayFieldStart("choices");
          json.writeStartObject();
          json.writeNumberField("index", index);
          if (chat) {
            json.writeObjectFieldStart("delta");
            json.writeStringField("content", text);
            json.writeEndObject();
          } else {
            json.writeStringField("text", text);
          }
          Logprobs.write(json, task, logprobs);
          if (finish == null) {
            json.writeNullField("finish_reason");
          } else {
            json.writeStringField("finish_reason", finish.wireName());
          }
          json.writeEndObject();
          json.writeEndArray();
        });
  }

  /**
   * Reads a chunk in either shape. One without choices, as the last of a stream with usage, has
   * index -1.
   *
   * @throws dev.headrace.protocol.FailureException INVALID_BODY
   */
  public static GenerationChunk parse(byte[] bytes) {
    JsonBody body = JsonBody.parse(bytes);
    JsonNode choice = body.requireArray("choices").path(0);
    JsonNode text =
        choice.has("delta") ? choice.path("delta").path("content") : choice.path("text");
    String reason = choice.path("finish_reason").asText("");
    FinishReason finish = null;
    if (choice.hasNonNull("finish_reason")) {
      finish =
          FinishReason.ofWireName(reason)
              .orElseThrow(
                  () -> JsonBody.invalid("finish_reason", reason, "stop, length or the like"));
    }
    return new GenerationChunk(
        body.field("id").map(JsonNode::asText).orElse(""),
        body.field("created").map(JsonNode::asLong).orElse(0L),
        body.field("model").map(JsonNode::asText).orElse(""),
        choice.isMissingNode() ? -1 : choice.path("index").asInt(),
        text.isTextual() ? text.textValue() : "",
        finish,
        Logprobs.read(choice.path("logprobs")),
        body.field("usage").map(TokenUsage::read).orElse(null));
  }
}
