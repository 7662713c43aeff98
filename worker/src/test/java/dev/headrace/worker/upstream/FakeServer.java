package dev.headrace.worker.upstream;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A small server that speaks OpenAI's API, as the servers do that the engine is for: the text of a
 * prompt is {@code w1 w2 ...}, up to max_tokens, a word an event. A prompt may say what goes wrong:
 * {@code status 429}, {@code break} in the middle, {@code hang}, {@code error} as an event.
 */
final class FakeServer implements AutoCloseable {
  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  final List<String> bodies = new CopyOnWriteArrayList<>();
  final List<String> authorizations = new CopyOnWriteArrayList<>();
  final AtomicInteger open = new AtomicInteger();
  final AtomicInteger most = new AtomicInteger();
  final AtomicInteger closedByClient = new AtomicInteger();
  volatile long pauseMs = 1;

  /** Each word takes one of these. */
  volatile Semaphore allowed = new Semaphore(Integer.MAX_VALUE);

  FakeServer(int port) throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 100);
    server.setExecutor(threads);
    server.createContext("/v1/models", this::models);
    server.createContext("/v1/chat/completions", e -> generate(e, true));
    server.createContext("/v1/completions", e -> generate(e, false));
    server.createContext("/v1/embeddings", this::embeddings);
    server.start();
  }

  int port() {
    return server.getAddress().getPort();
  }

  URI url() {
    return URI.create("http://127.0.0.1:" + port());
  }

  private void models(HttpExchange exchange) throws IOException {
    String auth = exchange.getRequestHeaders().getFirst("Authorization");
    authorizations.add(auth == null ? "" : auth);
    answer(
        exchange,
        200,
        "{\"object\":\"list\",\"data\":[{\"id\":\"tiny\",\"object\":\"model\"},{\"id\":\"other\"}]}");
  }

  private static void answer(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().add("Content-Type", "application/json");
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  private void embeddings(HttpExchange exchange) throws IOException {
    String body = body(exchange);
    int texts = body.substring(body.indexOf("[")).split("\",\"").length;
    StringBuilder data = new StringBuilder();
    for (int i = 0; i < texts; i++) {
      data.append(i == 0 ? "" : ",")
          .append("{\"object\":\"embedding\",\"index\":" + i + ",\"embedding\":[" + i + ",0.5]}");
    }
    answer(
        exchange,
        body.contains("status 400") ? 400 : 200,
        "{\"object\":\"list\",\"data\":["
            + data
            + "],\"model\":\"tiny\",\"usage\":{\"prompt_tokens\":1,\"total_tokens\":1}}");
  }

  private String body(HttpExchange exchange) throws IOException {
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    bodies.add(body);
    return body;
  }

  private void generate(HttpExchange exchange, boolean chat) throws IOException {
    most.accumulateAndGet(open.incrementAndGet(), Math::max);
    try (exchange) {
      String body = body(exchange);
      if (body.contains("status ")) {
        int at = body.indexOf("status ") + 7;
        answer(
            exchange,
            Integer.parseInt(body.substring(at, at + 3)),
            "{\"error\":{\"message\":\"as you wish\",\"type\":\"x\"}}");
        return;
      }
      exchange.getResponseHeaders().add("Content-Type", "text/event-stream");
      exchange.sendResponseHeaders(200, 0);
      stream(exchange.getResponseBody(), body, chat);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      open.decrementAndGet();
    }
  }

  private void stream(OutputStream out, String body, boolean chat)
      throws IOException, InterruptedException {
    int words = number(body, "\"max_tokens\":", 5);
    try {
      event(out, ": keep-alive\n\n");
      for (int i = 1; i <= words; i++) {
        if (body.contains("hang")) {
          Thread.sleep(60_000);
        }
        if (body.contains("error")) {
          event(out, "data: {\"error\":{\"message\":\"out of blocks\"}}\n\n");
          return;
        }
        if (body.contains("break") && i == 3) {
          return;
        }
        allowed.acquire();
        String text = " w" + i;
        event(out, "data: " + chunk(chat, text, i == words ? "\"length\"" : "null") + "\r\n\r\n");
        Thread.sleep(pauseMs);
      }
      event(
          out,
          "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":"
              + words
              + "}}\n\ndata: [DONE]\n\n");
    } catch (IOException e) {
      closedByClient.incrementAndGet();
      throw e;
    }
  }

  private static int number(String body, String field, int otherwise) {
    int at = body.indexOf(field);
    return at < 0
        ? otherwise
        : Integer.parseInt(body.substring(at + field.length()).split("[^0-9]")[0]);
  }

  private static String chunk(boolean chat, String text, String finish) {
    String content =
        chat ? "\"delta\":{\"content\":\"" + text + "\"}" : "\"text\":\"" + text + "\"";
    return "{\"id\":\"x\",\"choices\":[{\"index\":0,"
        + content
        + ",\"logprobs\":null,\"finish_reason\":"
        + finish
        + "}]}";
  }

  private static void event(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.UTF_8));
    out.flush();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
