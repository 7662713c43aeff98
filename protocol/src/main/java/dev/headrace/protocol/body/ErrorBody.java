package dev.headrace.protocol.body;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.headrace.protocol.Failure;
import java.io.IOException;
import java.util.Locale;

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
