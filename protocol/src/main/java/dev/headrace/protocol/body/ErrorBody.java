package dev.headrace.protocol.body;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.FailureException;
import java.io.IOException;
import java.util.Locale;
import java.util.Optional;

/** The error object of OpenAI's API: {@code {"error":{"message","type","param","code"}}}. */
public final class ErrorBody {
  private ErrorBody() {}

  /** The body of a FAILED outcome. */
  public static byte[] encode(Failure failure) {
    String type = failure.code().kind().name().toLowerCase(Locale.ROOT) + "_error";
    return encode(type, failure.code().wireId(), failure.message());
  }

  /** An error object with these texts. */
  public static byte[] encode(String type, String code, String message) {
    return JsonBody.write(128 + message.length(), json -> write(json, type, code, message));
  }

  /** The message of an error object, as other servers write it too; empty for any other body. */
  public static Optional<String> message(byte[] body) {
    try {
      JsonBody json = JsonBody.parse(body);
      Optional<JsonNode> error = json.field("error");
      JsonNode message =
          error
              .map(e -> e.isTextual() ? e : e.path("message"))
              .or(() -> json.field("message"))
              .orElse(null);
      return message != null && message.isTextual()
          ? Optional.of(message.textValue())
          : Optional.empty();
    } catch (FailureException e) {
      return Optional.empty();
    }
  }

  static void write(JsonGenerator json, String type, String code, String message)
      throws IOException {
    json.writeObjectFieldStart("error");
    json.writeStringField("message", message);
    json.writeStringField("type", type);
    json.writeNullField("param");
    json.writeStringField("code", code);
    json.writeEndObject();
  }
}
