package dev.headrace.protocol.body;

import com.fasterxml.jackson.databind.JsonNode;
import dev.headrace.protocol.Size;
import dev.headrace.protocol.Task;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The body of {@code /v1/chat/completions}.
 *
 * @param model name of the model
 * @param messages the conversation so far, at least one
 * @param options how to go on with it
 */
public record ChatRequest(String model, List<ChatMessage> messages, GenerationOptions options)
    implements GenerationRequest {
  private static final Set<String> FIELDS =
      OptionFields.names("messages", "max_completion_tokens", "top_logprobs", "logprobs");

  /** What a chat template adds around a message (chosen). */
  private static final int TEMPLATE_BYTES = 16;

  public ChatRequest {
    messages = List.copyOf(messages);
  }

  @Override
  public ChatRequest with(GenerationOptions other) {
    return new ChatRequest(model, messages, other);
  }

  @Override
  public Task task() {
    return Task.CHAT_COMPLETIONS;
  }

  @Override
  public Size size() {
    long bytes = 0;
    for (ChatMessage message : messages) {
      bytes += message.content().getBytes(StandardCharsets.UTF_8).length + TEMPLATE_BYTES;
    }
    return OptionFields.size(bytes, 1, options);
  }

  /**
   * Reads a body.
   *
   * @throws dev.headrace.protocol.FailureException INVALID_BODY or INPUT_TOO_LARGE
   */
  public static ChatRequest parse(byte[] bytes, BodyLimits limits) {
    JsonBody body = JsonBody.parse(bytes);
    OptionFields fields = new OptionFields(body, limits);
    fields.requireKnown(FIELDS);
    String model = body.requireText("model");
    List<ChatMessage> messages = messages(body, limits);
    int maxTokens = fields.integer("max_completion_tokens", 0, 1, OptionFields.MAX_TOKENS);
    int legacy = fields.integer("max_tokens", 0, 1, OptionFields.MAX_TOKENS);
    if (maxTokens > 0 && legacy > 0 && maxTokens != legacy) {
      throw JsonBody.invalid(
          "max_tokens", Integer.toString(legacy), "the same as max_completion_tokens, or none");
    }
    return new ChatRequest(
        model, messages, fields.options(Math.max(maxTokens, legacy), logs(fields)));
  }

  private static int logs(OptionFields fields) {
    boolean wanted = fields.flag("logprobs");
    int top = fields.integer("top_logprobs", -1, 0, OptionFields.MAX_LOGPROBS);
    if (!wanted && top >= 0) {
      throw JsonBody.invalid("top_logprobs", Integer.toString(top), "none unless logprobs is true");
    }
    return wanted ? Math.max(0, top) : -1;
  }

  private static List<ChatMessage> messages(JsonBody body, BodyLimits limits) {
    JsonNode array = body.requireArray("messages");
    if (array.isEmpty()) {
      throw JsonBody.invalid("messages", "empty array", "at least one message");
    }
    if (array.size() > limits.maxRows()) {
      throw JsonBody.tooLarge(
          "messages", array.size() + " messages", "at most " + limits.maxRows());
    }
    List<ChatMessage> messages = new ArrayList<>(array.size());
    for (int i = 0; i < array.size(); i++) {
      messages.add(message("messages[" + i + "]", array.get(i), limits));
    }
    return messages;
  }

  private static ChatMessage message(String field, JsonNode value, BodyLimits limits) {
    if (!value.isObject()) {
      throw JsonBody.invalid(field, JsonBody.describe(value), "an object with role and content");
    }
    if (value.hasNonNull("tool_calls") || value.hasNonNull("function_call")) {
      throw JsonBody.invalid(field + ".tool_calls", "given", "none: tools are not supported");
    }
    return new ChatMessage(
        role(field + ".role", value.path("role")),
        content(field + ".content", value.path("content"), limits));
  }

  private static String role(String field, JsonNode value) {
    String name = value.isTextual() ? value.textValue() : JsonBody.describe(value);
    return switch (name) {
      case "system", "developer" ->
          "system"; // OpenAI's newer name; no open model's template has it
      case "user", "assistant" -> name;
      default -> throw JsonBody.invalid(field, name, "one of system, developer, user, assistant");
    };
  }

  private static String content(String field, JsonNode value, BodyLimits limits) {
    if (value.isTextual()) {
      return JsonBody.anyText(field, value, limits);
    }
    if (!value.isArray() || value.isEmpty()) {
      throw JsonBody.invalid(
          field, JsonBody.describe(value), "a string or an array of parts of type text");
    }
    List<String> parts = new ArrayList<>(value.size());
    for (int i = 0; i < value.size(); i++) {
      JsonNode part = value.get(i);
      String type = part.path("type").asText("missing");
      if (!type.equals("text")) {
        throw JsonBody.invalid(field + "[" + i + "].type", type, "text");
      }
      parts.add(JsonBody.anyText(field + "[" + i + "].text", part.path("text"), limits));
    }
    return String.join("\n", parts);
  }

  @Override
  public byte[] encode(boolean forServer) {
    return JsonBody.write(
        256 + messages.stream().mapToInt(m -> m.content().length() + 40).sum(),
        json -> {
          json.writeStringField("model", model);
          json.writeArrayFieldStart("messages");
          for (ChatMessage message : messages) {
            JsonBody.requireWellFormed("messages", message.content());
            json.writeStartObject();
            json.writeStringField("role", message.role());
            json.writeStringField("content", message.content());
            json.writeEndObject();
          }
          json.writeEndArray();
          OptionFields.write(json, options, forServer);
          if (options.sampling().logprobs() >= 0) {
            json.writeBooleanField("logprobs", true);
            json.writeNumberField("top_logprobs", options.sampling().logprobs());
          }
        });
  }
}
