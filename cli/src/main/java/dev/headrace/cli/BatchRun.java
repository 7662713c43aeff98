package dev.headrace.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Task;
import dev.headrace.sdk.InferenceResult;
import dev.headrace.sdk.InvalidRequestException;
import dev.headrace.sdk.PendingResult;
import dev.headrace.sdk.Request;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Runs a batch file line by line: at most a window of requests is under way, and each result is
 * written when it comes, so that memory does not grow with the file. What is wrong with a line is
 * that line's error. Results are in the order in which they came, as OpenAI's.
 */
final class BatchRun implements Closeable {
  /** OpenAI's limits. */
  static final int MAX_LINES = 50_000;

  static final long MAX_BYTES = 200L << 20;

  private static final JsonMapper JSON =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  private final Function<Request, PendingResult> submit;
  private final BufferedWriter output;
  private final BufferedWriter errors;
  private final Set<String> done = new HashSet<>();
  private final Set<String> seen = new HashSet<>();
  private final Semaphore room;
  private final int window;
  private int total;
  private int completed;
  private int failed;
  private int skipped;
  private @Nullable IOException broken;

  /** What became of the lines. */
  record Counts(int total, int completed, int failed, int skipped, double seconds) {
    String json() {
      return String.format(
          Locale.ROOT,
          "{\"total\":%d,\"completed\":%d,\"failed\":%d,\"skipped\":%d,\"seconds\":%.3f}",
          total,
          completed,
          failed,
          skipped,
          seconds);
    }

    String text() {
      return String.format(
          Locale.ROOT,
          "%d lines: %d completed, %d failed, %d skipped in %.1f s",
          total,
          completed,
          failed,
          skipped,
          seconds);
    }
  }

  /**
   * Opens the result files.
   *
   * @param resume whether they may exist already; what they have is not run again
   * @param window requests under way at the same time
   */
  BatchRun(
      Function<Request, PendingResult> submit, Path output, Path errors, boolean resume, int window)
      throws IOException {
    this.submit = submit;
    this.window = window;
    this.room = new Semaphore(window);
    if (resume) {
      readDone(output);
      readDone(errors);
    }
    this.output = writer(output, resume);
    this.errors = writer(errors, resume);
  }

  private static BufferedWriter writer(Path file, boolean append) throws IOException {
    BufferedWriter writer =
        Files.newBufferedWriter(
            file,
            StandardOpenOption.CREATE,
            append ? StandardOpenOption.APPEND : StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE);
    if (append && Files.size(file) > 0) {
      writer.newLine(); // the last line may have been cut by a crash; empty ones do no harm
    }
    return writer;
  }

  private void readDone(Path file) throws IOException {
    if (!Files.exists(file)) {
      return;
    }
    try (BufferedReader reader = Files.newBufferedReader(file)) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        try {
          String id = JSON.readTree(line).path("custom_id").asText("");
          if (!id.isEmpty()) {
            done.add(id);
          }
        } catch (JsonProcessingException e) {
          // Half a line, cut by a crash: that request runs again.
        }
      }
    }
  }

  static int lines(Path file) throws IOException {
    int lines = 0;
    try (BufferedReader reader = Files.newBufferedReader(file)) {
      while (reader.readLine() != null && lines <= MAX_LINES) {
        lines++;
      }
    }
    return lines;
  }

  /** Runs all lines and waits for the last result. */
  Counts run(Path input, UnaryOperator<Request> options) throws IOException, InterruptedException {
    long started = System.nanoTime();
    try (BufferedReader reader = Files.newBufferedReader(input)) {
      int number = 0;
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        number++;
        if (!line.isBlank()) {
          total++;
          line(number, line, options);
        }
      }
    }
    room.acquire(window);
    synchronized (this) {
      if (broken != null) {
        throw broken;
      }
      output.flush();
      errors.flush();
      double seconds = (System.nanoTime() - started) / 1e9;
      return new Counts(total, completed, failed, skipped, seconds);
    }
  }

  private void line(int number, String line, UnaryOperator<Request> options)
      throws InterruptedException {
    String id = "line " + number;
    try {
      JsonNode node = read(line);
      id = text(node, "custom_id");
      if (done.contains(id)) {
        skipped++;
        return;
      }
      if (!seen.add(id)) {
        throw wrong("custom_id", id + " for the second time", "unique names");
      }
      submit(id, options.apply(request(node)));
    } catch (InvalidRequestException e) {
      fail(id, "", 400, null, e.code().wireId(), String.valueOf(e.getMessage()));
    }
  }

  private static JsonNode read(String line) {
    try {
      JsonNode node = JSON.readTree(line);
      if (node != null && node.isObject()) {
        return node;
      }
    } catch (JsonProcessingException e) {
      throw wrong("line", "bad JSON", "a JSON object");
    }
    throw wrong("line", "no JSON object", "a JSON object");
  }

  private static Request request(JsonNode node) {
    String method = text(node, "method");
    if (!method.equals("POST")) {
      throw wrong("method", method, "POST");
    }
    String url = text(node, "url");
    Task task =
        Task.ofUrl(url)
            .orElseThrow(
                () ->
                    wrong(
                        "url",
                        url,
                        "one of "
                            + String.join(
                                ", ",
                                java.util.Arrays.stream(Task.values()).map(Task::url).toList())));
    JsonNode body = node.path("body");
    if (!body.isObject()) {
      throw wrong("body", body.isMissingNode() ? "missing" : "no object", "a JSON object");
    }
    return Request.json(task, body.toString().getBytes(StandardCharsets.UTF_8));
  }

  private static String text(JsonNode node, String field) {
    JsonNode value = node.path(field);
    if (!value.isTextual() || value.textValue().isEmpty()) {
      throw wrong(field, value.isMissingNode() ? "missing" : value.toString(), "some text");
    }
    return value.textValue();
  }

  private static InvalidRequestException wrong(String field, String value, String expected) {
    return new InvalidRequestException(
        ErrorCode.INVALID_BODY, field + ": " + value + " (expected: " + expected + ")");
  }

  private void submit(String id, Request request) throws InterruptedException {
    room.acquire();
    PendingResult pending;
    try {
      pending = submit.apply(request);
    } catch (RuntimeException e) {
      room.release();
      throw e;
    }
    var ignored =
        pending.whenComplete(
            (result, failure) -> {
              try {
                ended(id, pending.id(), result, failure);
              } finally {
                room.release();
              }
            });
  }

  private void ended(
      String id, String request, @Nullable InferenceResult result, @Nullable Throwable failure) {
    if (result == null) {
      fail(id, request, 0, null, "outcome_unknown", String.valueOf(failure));
      return;
    }
    switch (result.status()) {
      case OK -> complete(id, result);
      case FAILED -> {
        ErrorCode code = result.errorCode().orElse(ErrorCode.INTERNAL_ERROR);
        fail(
            id,
            request,
            status(code),
            result,
            code.wireId(),
            result.errorMessage().orElse("failed"));
      }
      case EXPIRED ->
          fail(id, request, 0, result, "batch_expired", "the deadline of the request passed");
      case CANCELLED -> fail(id, request, 0, result, "batch_cancelled", "cancelled");
    }
  }

  private static int status(ErrorCode code) {
    return switch (code.kind()) {
      case INVALID_REQUEST -> 400;
      case OVERLOADED -> 429;
      case TRANSIENT -> 503;
      case RESOURCE, INTERNAL, FATAL -> 500;
    };
  }

  private void complete(String id, InferenceResult result) {
    ObjectNode line = line(id, result.id());
    response(line, 200, result);
    line.putNull("error");
    synchronized (this) {
      completed++;
      write(output, line);
    }
  }

  private void fail(
      String id,
      String request,
      int status,
      @Nullable InferenceResult result,
      String code,
      String message) {
    ObjectNode line = line(id, request);
    if (status == 0 || result == null) {
      line.putNull("response");
    } else {
      response(line, status, result);
    }
    line.putObject("error").put("code", code).put("message", message);
    synchronized (this) {
      failed++;
      write(errors, line);
    }
  }

  private static ObjectNode line(String id, String request) {
    ObjectNode line = JSON.createObjectNode();
    line.put("id", "batch_req_" + request);
    line.put("custom_id", id);
    return line;
  }

  private static void response(ObjectNode line, int status, InferenceResult result) {
    ObjectNode response = line.putObject("response");
    response.put("status_code", status);
    response.put("request_id", result.id());
    try {
      response.set("body", JSON.readTree(result.body()));
    } catch (IOException e) {
      response.put("body", result.bodyText());
    }
  }

  /** A file that cannot be written ends the run when the requests under way are done. */
  private void write(BufferedWriter to, ObjectNode line) {
    try {
      to.write(line.toString());
      to.newLine();
      to.flush();
    } catch (IOException e) {
      if (broken == null) {
        broken = e;
      }
    }
  }

  @Override
  public void close() {
    try (BufferedWriter first = output;
        BufferedWriter second = errors) {
      first.flush();
      second.flush();
    } catch (IOException e) {
      throw new UncheckedIOException("result files could not be closed", e);
    }
  }
}
