package dev.headrace.cli.http;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.headrace.router.scaling.Demand;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;

/**
 * {@code GET /health} answers 200 and {@code {"status":"UP"}}, or 503 and the reasons; {@code GET
 * /metrics} answers in Prometheus' text format.
 */
public final class HttpEndpoint implements AutoCloseable {
  /** What a program says of itself: whether it is well, as JSON in either case. */
  public record Health(boolean up, String json) {}

  private final HttpServer server;

  /**
   * Starts to listen.
   *
   * @param address to bind, as 127.0.0.1
   * @param port 0 for any free one
   */
  public HttpEndpoint(
      String address, int port, Supplier<Health> health, PrometheusMeterRegistry metrics)
      throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getByName(address), port), 16);
    server.createContext("/health", exchange -> answerHealth(exchange, health.get()));
    server.createContext(
        "/metrics",
        exchange -> answer(exchange, 200, "text/plain; version=0.0.4", metrics.scrape()));
    server.start();
  }

  /** Also answers {@code GET /scaling} and {@code GET /scaling/LANE} from now on. */
  public HttpEndpoint withScaling(Supplier<Demand> demand) {
    server.createContext(
        ScalingPage.PATH,
        exchange ->
            answer(
                exchange,
                200,
                "application/json",
                ScalingPage.answer(demand.get(), exchange.getRequestURI().getPath())));
    return this;
  }

  private static void answerHealth(HttpExchange exchange, Health health) throws IOException {
    answer(exchange, health.up() ? 200 : 503, "application/json", health.json());
  }

  private static void answer(HttpExchange exchange, int code, String type, String text)
      throws IOException {
    byte[] body = text.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", type);
    exchange.sendResponseHeaders(code, body.length);
    try (OutputStream out = exchange.getResponseBody()) {
      out.write(body);
    }
  }

  /** The address as in {@code http://127.0.0.1:8080}. */
  public String url() {
    InetSocketAddress bound = server.getAddress();
    return "http://" + bound.getAddress().getHostAddress() + ":" + bound.getPort();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
