package dev.headrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.headrace.protocol.Detail;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.body.FinishReason;
import dev.headrace.sdk.HeadraceClient;
import dev.headrace.sdk.InferenceException;
import dev.headrace.sdk.InferenceResult;
import dev.headrace.sdk.Request;
import dev.headrace.sdk.TextChunk;
import dev.headrace.sdk.TextStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Text through the whole pipeline: client, router, a worker that feeds a small server of ours, and
 * back, with a worker for embeddings beside it.
 */
class GenerationIT {
  private static final JsonMapper JSON = new JsonMapper();
  private static final ExecutorService THREADS = Executors.newCachedThreadPool();

  @TempDir Path folder;

  private static HttpServer server;
  private static LiveStack stack;
  private static HeadraceClient client;

  @BeforeAll
  static void start() throws Exception {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 50);
    server.setExecutor(THREADS);
    server.createContext(
        "/v1/models", e -> answer(e, "{\"data\":[{\"id\":\"tiny\",\"object\":\"model\"}]}"));
    server.createContext("/v1/completions", e -> words(e, "\"text\":\"%s\""));
    server.createContext("/v1/chat/completions", e -> words(e, "\"delta\":{\"content\":\"%s\"}"));
    server.start();
    Map<String, String> settings = new HashMap<>();
    settings.put("worker.engine", "openai-upstream");
    settings.put("worker.upstream.url", "http://127.0.0.1:" + server.getAddress().getPort());
    settings.put("worker.stream.interval", "50ms");
    settings.put("worker.drain-timeout", "2s");
    stack = new LiveStack("it", settings);
    client = stack.client();
  }

  @AfterAll
  static void stop() {
    stack.close();
    server.stop(0);
    THREADS.shutdownNow();
  }

  private static void answer(HttpExchange exchange, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(200, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  /** So many words as max_tokens says, 10 ms each. */
  private static void words(HttpExchange exchange, String shape) throws IOException {
    try (exchange) {
      JsonNode body = JSON.readTree(exchange.getRequestBody().readAllBytes());
      exchange.sendResponseHeaders(200, 0);
      OutputStream out = exchange.getResponseBody();
      int most = body.path("max_tokens").asInt(5);
      for (int i = 1; i <= most; i++) {
        String finish = i == most ? "\"length\"" : "null";
        out.write(
            ("data: {\"choices\":[{\"index\":0,"
                    + shape.formatted(" w" + i)
                    + ",\"finish_reason\":"
                    + finish
                    + "}]}\n\n")
                .getBytes(StandardCharsets.UTF_8));
        out.flush();
        Thread.sleep(10);
      }
      out.write("data: [DONE]\n\n".getBytes(StandardCharsets.UTF_8));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static String text(int words) {
    StringBuilder text = new StringBuilder();
    for (int i = 1; i <= words; i++) {
      text.append(" w").append(i);
    }
    return text.toString();
  }

  private static InferenceResult get(Request request) throws Exception {
    return client.submit(request).get(60, TimeUnit.SECONDS);
  }

  private static final class Reader implements Flow.Subscriber<TextChunk> {
    final List<TextChunk> chunks = new CopyOnWriteArrayList<>();
    volatile Throwable failure;
    volatile boolean completed;
    volatile Flow.Subscription subscription;

    @Override
    public void onSubscribe(Flow.Subscription itsSubscription) {
      subscription = itsSubscription;
    }

    @Override
    public void onNext(TextChunk chunk) {
      chunks.add(chunk);
    }

    @Override
    public void onError(Throwable itsFailure) {
      failure = itsFailure;
    }

    @Override
    public void onComplete() {
      completed = true;
    }

    String text() {
      StringBuilder text = new StringBuilder();
      chunks.forEach(c -> text.append(c.text()));
      return text.toString();
    }
  }

  @Test
  void chat_and_completion_come_back_with_what_they_cost() throws Exception {
    InferenceResult result = get(Request.chat("tiny", "hello").maxTokens(7).temperature(0));
    assertThat(result.status()).as(result.toString()).isEqualTo(Status.OK);
    assertThat(result.completions().get(0).text()).isEqualTo(text(7));
    assertThat(result.completions().get(0).finish()).isEqualTo(FinishReason.LENGTH);
    assertThat(result.details()).containsEntry(Detail.NEW_TOKENS, "7");
    assertThat(result.deviceType()).contains("openai-upstream");
    InferenceResult two = get(Request.complete("tiny", "a", "b").choices(2).maxTokens(2).seed(1));
    assertThat(two.completions()).hasSize(4).allMatch(c -> c.text().equals(text(2)));
  }

  @Test
  void text_streams_while_it_is_generated_and_is_whole_at_the_end() throws Exception {
    TextStream stream = client.stream(Request.chat("tiny", "hello").maxTokens(200));
    Reader reader = new Reader();
    stream.subscribe(reader);
    await().until(() -> reader.subscription != null);
    reader.subscription.request(2);
    await().atMost(Duration.ofSeconds(30)).until(() -> reader.chunks.size() == 2);
    assertThat(stream.result()).as("still generating").isNotDone();
    reader.subscription.request(Long.MAX_VALUE);
    await().atMost(Duration.ofSeconds(60)).until(() -> reader.completed);
    assertThat(reader.text()).isEqualTo(text(200));
    assertThat(reader.chunks.size()).isGreaterThan(5);
    assertThat(stream.result().get().completions().get(0).text()).isEqualTo(text(200));
  }

  @Test
  void deadline_leaves_the_text_so_far() throws Exception {
    TextStream stream =
        client.stream(
            Request.chat("tiny", "hello").maxTokens(100_000).deadline(Duration.ofSeconds(3)));
    Reader reader = new Reader();
    stream.subscribe(reader);
    await().until(() -> reader.subscription != null);
    reader.subscription.request(Long.MAX_VALUE);
    await().atMost(Duration.ofSeconds(60)).until(() -> reader.failure != null);
    assertThat(reader.failure).isInstanceOf(InferenceException.class);
    InferenceResult result = stream.result().get();
    assertThat(result.status()).isEqualTo(Status.EXPIRED);
    String partial = result.partialCompletions().get(0).text();
    assertThat(partial).startsWith(text(20));
    assertThat(result.partialCompletions().get(0).finish()).isEqualTo(FinishReason.DEADLINE);
    assertThat(reader.text()).isEqualTo(partial);
  }

  @Test
  void cancelled_generation_ends_cancelled_and_the_worker_is_free_again() throws Exception {
    TextStream stream = client.stream(Request.chat("tiny", "hello").maxTokens(100_000));
    Reader reader = new Reader();
    stream.subscribe(reader);
    await().until(() -> reader.subscription != null);
    reader.subscription.request(Long.MAX_VALUE);
    await().atMost(Duration.ofSeconds(30)).until(() -> !reader.chunks.isEmpty());
    assertThat(client.cancel(stream.id())).isTrue();
    assertThat(stream.result().get(10, TimeUnit.SECONDS).status()).isEqualTo(Status.CANCELLED);
    await()
        .atMost(Duration.ofSeconds(10))
        .until(() -> stack.worker().app().health().inFlight() == 0);
    InferenceResult result = client.result(stream.id()).orElseThrow();
    assertThat(result.status()).isEqualTo(Status.CANCELLED);
    assertThat(result.partialCompletions().get(0).text()).startsWith(text(2));
    assertThat(result.partialCompletions().get(0).finish()).isEqualTo(FinishReason.CANCELLED);
    Program.Ended asked =
        new Program(folder).run(90, connected("result", stream.id(), "--client", "it", "--json"));
    assertThat(asked.code()).as(asked.err()).isZero();
    JsonNode found = JSON.readTree(asked.lastLine());
    assertThat(found.path("status").asText()).isEqualTo("CANCELLED");
    JsonNode choice = found.path("response").path("choices").path(0);
    assertThat(choice.path("finish_reason").asText()).isEqualTo("cancelled");
    assertThat(choice.findValuesAsText("content")).anyMatch(t -> t.startsWith(text(2)));
  }

  @Test
  void batch_file_runs_with_results_and_errors_apart_and_can_be_resumed() throws Exception {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      lines.add(
          "{\"custom_id\":\"c"
              + i
              + "\",\"method\":\"POST\",\"url\":\"/v1/chat/completions\",\"body\":{\"model\":\"tiny\","
              + "\"max_tokens\":3,\"messages\":[{\"role\":\"user\",\"content\":\"n"
              + i
              + "\"}]}}");
    }
    lines.add(lines.get(0).replace("\"c0\"", "\"wrong\"").replace("max_tokens", "max_token"));
    Path input = Files.write(folder.resolve("in.jsonl"), lines);
    Path output = folder.resolve("out.jsonl");
    Path errors = folder.resolve("err.jsonl");
    BatchRun.Counts counts;
    try (BatchRun run = new BatchRun(client::submit, output, errors, false, 8)) {
      counts = run.run(input, r -> r.deadline(Duration.ofMinutes(2)));
    }
    assertThat(counts.completed()).isEqualTo(30);
    assertThat(counts.failed()).isEqualTo(1);
    for (String line : Files.readAllLines(output)) {
      JsonNode node = JSON.readTree(line);
      assertThat(node.path("response").path("status_code").asInt()).isEqualTo(200);
      assertThat(
              node.path("response")
                  .path("body")
                  .path("choices")
                  .path(0)
                  .path("message")
                  .path("content")
                  .asText())
          .isEqualTo(text(3));
    }
    JsonNode error = JSON.readTree(Files.readAllLines(errors).get(0));
    assertThat(error.path("custom_id").asText()).isEqualTo("wrong");
    assertThat(error.path("error").path("message").asText()).startsWith("max_token: unknown field");
    try (BatchRun run = new BatchRun(client::submit, output, errors, true, 8)) {
      counts = run.run(input, r -> r);
    }
    assertThat(counts.skipped()).isEqualTo(31);
  }

  /** What was read before stays, what was written meanwhile comes later, and nothing twice. */
  @Test
  void redis_that_restarts_empty_while_text_streams_loses_and_doubles_nothing() throws Exception {
    TextStream stream = client.stream(Request.chat("tiny", "hello").maxTokens(400));
    Reader reader = new Reader();
    stream.subscribe(reader);
    await().until(() -> reader.subscription != null);
    reader.subscription.request(Long.MAX_VALUE);
    await().atMost(Duration.ofSeconds(30)).until(() -> reader.chunks.size() > 3);
    stack.servers().redis().stop();
    assertThat(stream.result()).as("still generating").isNotDone();
    await().atMost(Duration.ofSeconds(30)).until(() -> !stack.worker().app().health().storeUp());
    stack.servers().redis().start();
    await().atMost(Duration.ofSeconds(90)).until(() -> reader.completed || reader.failure != null);
    assertThat(reader.failure).isNull();
    assertThat(reader.text()).isEqualTo(text(400));
    assertThat(reader.chunks).noneMatch(TextChunk::replaces);
    assertThat(stream.result().get().completions().get(0).text()).isEqualTo(text(400));
    await().atMost(Duration.ofSeconds(60)).until(() -> stack.worker().app().health().ready());
  }

  private static String[] connected(String... arguments) {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(
        List.of(
            "--kafka", stack.servers().kafkaBootstrap(), "--redis", stack.servers().redisUri()));
    return all.toArray(new String[0]);
  }

  @Test
  void submit_generate_and_chat_run_as_programs() throws Exception {
    Program program = new Program(folder);
    Program.Ended chat =
        program.run(
            90, connected("submit", "chat", "--model", "tiny", "--message", "hello", "--json"));
    assertThat(chat.code()).as(chat.err()).isZero();
    JsonNode outcome = JSON.readTree(chat.lastLine());
    assertThat(outcome.path("status").asText()).isEqualTo("OK");

    Program.Ended two =
        program.run(
            90,
            connected(
                "submit",
                "generate",
                "--model",
                "tiny",
                "--prompt",
                "once",
                "--max-tokens",
                "6",
                "--choices",
                "2"));
    assertThat(two.code()).as(two.err()).isZero();
    assertThat(String.join("\n", two.out())).contains(text(6).strip());

    Program.Ended streamed =
        program.run(
            90,
            connected(
                "submit",
                "chat",
                "--model",
                "tiny",
                "--message",
                "hello",
                "--max-tokens",
                "80",
                "--stream"));
    assertThat(streamed.code()).as(streamed.err()).isZero();
    assertThat(String.join("\n", streamed.out())).isEqualTo(text(80));
    assertThat(streamed.err()).contains("[length]");

    Program.Ended wrong =
        program.run(
            90,
            connected("submit", "chat", "--model", "tiny", "--message", "x", "--temperature", "3"));
    assertThat(wrong.code()).isNotZero();
    assertThat(wrong.err() + wrong.out()).contains("temperature");
  }

  @Test
  void batch_runs_as_a_program_and_says_by_its_status_what_failed() throws Exception {
    Program program = new Program(Files.createDirectories(folder.resolve("tmp")));
    String line =
        "{\"custom_id\":\"%s\",\"method\":\"POST\",\"url\":\"/v1/completions\","
            + "\"body\":{\"model\":\"tiny\",\"%s\":4,\"prompt\":\"x\"}}";
    Path input =
        Files.write(
            folder.resolve("in.jsonl"),
            List.of(
                line.formatted("a", "max_tokens"),
                line.formatted("b", "max_tokens"),
                line.formatted("wrong", "max_token")));
    String[] command =
        connected(
            "batch",
            input.toString(),
            "--output",
            folder.resolve("out.jsonl").toString(),
            "--errors",
            folder.resolve("err.jsonl").toString(),
            "--json");
    Program.Ended ended = program.run(90, command);
    assertThat(ended.code()).as(ended.err()).isEqualTo(1);
    JsonNode counts = JSON.readTree(ended.lastLine());
    assertThat(counts.path("completed").asInt()).as(ended.lastLine()).isEqualTo(2);
    assertThat(counts.path("failed").asInt()).isEqualTo(1);
    assertThat(Files.readAllLines(folder.resolve("out.jsonl"))).hasSize(2);
    assertThat(Files.readAllLines(folder.resolve("err.jsonl")).get(0)).contains("wrong");
    List<String> again = new ArrayList<>(List.of(command));
    again.add("--resume");
    Program.Ended resumed = program.run(90, again.toArray(new String[0]));
    assertThat(JSON.readTree(resumed.lastLine()).path("skipped").asInt())
        .as(resumed.lastLine())
        .isEqualTo(3);
  }
}
