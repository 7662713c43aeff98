package dev.headrace.protocol.body;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import dev.headrace.protocol.Size;
import dev.headrace.protocol.Task;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The body of {@code /v1/completions}.
 *
 * @param model name of the model
 * @param prompts at least one; each is answered by as many choices as asked for
 * @param options how to go on with them
 */
public record CompletionRequest(String model, List<Prompt> prompts, GenerationOptions options)
    implements GenerationRequest {
  private static final Set<String> FIELDS = OptionFields.names("prompt", "logprobs");

  public CompletionRequest {
    prompts = List.copyOf(prompts);
  }

  /** What is to be gone on with. */
  public sealed interface Prompt {}

  /** A text. */
  public record Text(String text) implements Prompt {}

  /** The ids of tokens. */
  public record Tokens(List<Integer> ids) implements Prompt {
    public Tokens {
      ids = List.copyOf(ids);
    }
  }

  @Override
  public CompletionRequest with(GenerationOptions other) {
    return new CompletionRequest(model, prompts, other);
  }

  @Override
  public Task task() {
    return Task.COMPLETIONS;
  }

  @Override
  public Size size() {
    long bytes = 0;
    for (Prompt prompt : prompts) {
      bytes +=
          prompt instanceof Text text
              ? text.text().getBytes(StandardCharsets.UTF_8).length
              : 4L * ((Tokens) prompt).ids().size();
    }
    return OptionFields.size(bytes, prompts.size(), options);
  }

  /**
   * Reads a body.
   *
   * @throws dev.headrace.protocol.FailureException INVALID_BODY or INPUT_TOO_LARGE
   */
  public static CompletionRequest parse(byte[] bytes, BodyLimits limits) {
    JsonBody body = JsonBody.parse(bytes);
    OptionFields fields = new OptionFields(body, limits);
    fields.requireKnown(FIELDS);
    return new CompletionRequest(
        body.requireText("model"),
        prompts(body, limits),
        fields.options(
            fields.integer("max_tokens", 0, 1, OptionFields.MAX_TOKENS),
            fields.integer("logprobs", -1, 0, OptionFields.MAX_LOGPROBS)));
  }

  private static List<Prompt> prompts(JsonBody body, BodyLimits limits) {
    String expected = "a string, strings, token ids, or arrays of token ids";
    JsonNode value =
        body.field("prompt").orElseThrow(() -> JsonBody.invalid("prompt", "missing", expected));
    if (value.isTextual()) {
      return List.of(new Text(JsonBody.text("prompt", value, limits)));
    }
    if (!value.isArray() || value.isEmpty()) {
      throw JsonBody.invalid("prompt", JsonBody.describe(value), expected);
    }
    if (value.get(0).isNumber()) {
      return List.of(tokens("prompt", value, limits));
    }
    if (value.size() > limits.maxRows()) {
      throw JsonBody.tooLarge("prompt", value.size() + " prompts", "at most " + limits.maxRows());
    }
    List<Prompt> prompts = new ArrayList<>(value.size());
    for (int i = 0; i < value.size(); i++) {
      String field = "prompt[" + i + "]";
      prompts.add(
          value.get(i).isArray()
              ? tokens(field, value.get(i), limits)
              : new Text(JsonBody.text(field, value.get(i), limits)));
    }
    return prompts;
  }

  private static Tokens tokens(String field, JsonNode value, BodyLimits limits) {
    if (value.isEmpty() || value.size() > limits.maxTextChars()) {
      throw JsonBody.invalid(
          field, value.size() + " token ids", "1.." + limits.maxTextChars() + " token ids");
    }
    List<Integer> ids = new ArrayList<>(value.size());
    for (int i = 0; i < value.size(); i++) {
      ids.add(OptionFields.token(field + "[" + i + "]", value.get(i)));
    }
    return new Tokens(ids);
  }

  @Override
  public byte[] encode(boolean forServer) {
    return JsonBody.write(
        256,
        json -> {
          json.writeStringField("model", model);
          json.writeFieldName("prompt");
          if (prompts.size() == 1) {
            write(json, prompts.get(0));
          } else {
            json.writeStartArray();
            for (Prompt prompt : prompts) {
              write(json, prompt);
            }
            json.writeEndArray();
          }
          OptionFields.write(json, options, forServer);
          if (options.sampling().logprobs() >= 0) {
            json.writeNumberField("logprobs", options.sampling().logprobs());
          }
        });
  }

  private static void write(JsonGenerator json, Prompt prompt) throws IOException {
    if (prompt instanceof Text text) {
      JsonBody.requireWellFormed("prompt", text.text());
      json.writeString(text.text());
      return;
    }
    json.writeStartArray();
    for (int id : ((Tokens) prompt).ids()) {
      json.writeNumber(id);
    }
    json.writeEndArray();
  }
}
