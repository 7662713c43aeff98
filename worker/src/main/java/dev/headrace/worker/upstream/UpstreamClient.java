package dev.headrace.worker.upstream;

import dev.headrace.protocol.body.ModelList;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.function.Consumer;

/** The server's API over HTTP/1.1: what every such server speaks. Thread-safe. */
final class UpstreamClient {
  private static final Duration CONNECT = Duration.ofSeconds(5);
  private static final Duration HEALTH = Duration.ofSeconds(10);

  private final UpstreamConfig config;
  private final HttpClient http;

  UpstreamClient(UpstreamConfig config) {
    this.config = config;
    this.http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT)
            .build();
  }

  /** An answer: of a stream only the status, for its events went elsewhere. */
  record Answer(int status, String body) {}

  String url() {
    return config.url().toString();
  }

  /** The names of the models that the server lists. */
  CompletableFuture<List<String>> models() {
    HttpRequest request = request("/v1/models").timeout(HEALTH).GET().build();
    return http.sendAsync(request, HttpResponse.BodyHandlers.ofByteArray())
        .thenApply(
            response -> {
              if (response.statusCode() != 200) {
                throw new IllegalStateException(
                    UpstreamErrors.ofStatus(
                            response.statusCode(),
                            new String(response.body(), StandardCharsets.UTF_8))
                        .message());
              }
              return ModelList.parse(response.body());
            });
  }

  /** Sends a request whose answer comes at once. */
  CompletableFuture<Answer> post(String path, byte[] body) {
    HttpRequest request =
        request(path).timeout(config.silence()).POST(BodyPublishers.ofByteArray(body)).build();
    return http.sendAsync(request, HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8))
        .thenApply(response -> new Answer(response.statusCode(), response.body()));
  }

  /**
   * Sends a request whose answer is a stream of events; cancelling the future closes the
   * connection, which is how these servers are told to stop.
   *
   * @param events takes the data of each, on a thread of the HTTP client
   */
  CompletableFuture<HttpResponse<Answer>> stream(
      String path, byte[] body, Consumer<String> events) {
    HttpRequest request =
        request(path)
            .header("Accept", "text/event-stream")
            .POST(BodyPublishers.ofByteArray(body))
            .build();
    return http.sendAsync(request, info -> subscriber(info.statusCode(), events));
  }

  private static BodySubscriber<Answer> subscriber(int status, Consumer<String> events) {
    if (status != 200) {
      return BodySubscribers.mapping(
          BodySubscribers.ofString(StandardCharsets.UTF_8), text -> new Answer(status, text));
    }
    return BodySubscribers.fromLineSubscriber(
        new Lines(events), lines -> new Answer(status, ""), StandardCharsets.UTF_8, null);
  }

  private HttpRequest.Builder request(String path) {
    String base = config.url().toString();
    URI uri = URI.create((base.endsWith("/") ? base.substring(0, base.length() - 1) : base) + path);
    HttpRequest.Builder builder =
        HttpRequest.newBuilder(uri).header("Content-Type", "application/json");
    if (!config.apiKey().isEmpty()) {
      builder.header("Authorization", "Bearer " + config.apiKey());
    }
    return builder;
  }

  /** Takes lines as fast as they come: events are small, and a request has few on the way. */
  private static final class Lines implements Flow.Subscriber<String> {
    private final SseLines events;

    Lines(Consumer<String> events) {
      this.events = new SseLines(events);
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
      subscription.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(String line) {
      events.line(line);
    }

    @Override
    public void onError(Throwable cause) {
      // The future tells.
    }

    @Override
    public void onComplete() {
      events.end();
    }
  }
}
