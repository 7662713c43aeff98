package dev.headrace.worker.upstream;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.body.ErrorBody;
import java.nio.charset.StandardCharsets;

/** What the server's errors mean here. */
final class UpstreamErrors {
  /** Of a body that is no error object (chosen). */
  private static final int MAX_QUOTED = 200;

  private UpstreamErrors() {}

  /** The failure of a request that was answered with this status, not 200. */
  static Failure ofStatus(int status, String body) {
    return new Failure(code(status), "upstream answered " + status + ": " + said(body));
  }

  private static ErrorCode code(int status) {
    return switch (status) {
      case 400, 405, 415, 422 -> ErrorCode.INVALID_BODY;
      case 413 -> ErrorCode.INPUT_TOO_LARGE;
      // It serves another model than it did, or lets us in no more: others may do better.
      case 401, 403, 404, 429, 503 -> ErrorCode.NO_CAPACITY;
      default ->
          status >= 400 && status < 500 && status != 408
              ? ErrorCode.INVALID_BODY
              : ErrorCode.UPSTREAM_UNAVAILABLE;
    };
  }

  /** The failure of a request whose answer was an error in the middle of its stream. */
  static Failure inStream(String event) {
    return new Failure(ErrorCode.UPSTREAM_UNAVAILABLE, "upstream broke off: " + said(event));
  }

  /** The failure of a request that got no answer, or half of one. */
  static Failure ofConnection(String url, Throwable cause) {
    Throwable root = cause;
    while (root.getCause() != null && root.getMessage() == null) {
      root = root.getCause();
    }
    return new Failure(
        ErrorCode.UPSTREAM_UNAVAILABLE, "upstream " + url + " does not answer: " + root);
  }

  private static String said(String body) {
    return ErrorBody.message(body.getBytes(StandardCharsets.UTF_8))
        .orElseGet(() -> body.substring(0, Math.min(body.length(), MAX_QUOTED)));
  }
}
