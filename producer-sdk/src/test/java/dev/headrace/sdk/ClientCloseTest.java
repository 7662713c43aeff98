package dev.headrace.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.headrace.protocol.InferenceRequest;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What closing a client sends, fails, waits for and releases. */
@Timeout(60)
class ClientCloseTest extends ClientSuite {
  @Test
  void closing_sends_what_was_taken_and_fails_what_is_left_by_name() {
    PendingResult pending = client.submit(request("a"));
    client.close();

    assertThat(servers.sent()).extracting(InferenceRequest::id).containsExactly(pending.id());
    assertThat(failure(pending))
        .isInstanceOf(ClientClosedException.class)
        .hasMessage(
            "request "
                + pending.id()
                + ": client me is closed; it was sent, its outcome will be known to a client named"
                + " me");
    assertThatThrownBy(() -> client.submit(request("b")))
        .isInstanceOf(ClientClosedException.class)
        .hasMessage("client me is closed");
    assertThatThrownBy(() -> client.result("x")).isInstanceOf(ClientClosedException.class);
    assertThat(servers.closedConnections).hasValue(1);
  }

  @Test
  void closing_is_bounded_when_kafka_hangs() {
    client.close();
    client = servers.client(Map.of(), new Hanging(), servers.store);
    PendingResult pending = client.submit(request("a"));
    long begin = System.nanoTime();
    client.close(Duration.ofMillis(200));

    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(5));
    assertThat(failure(pending))
        .hasMessageEndingWith("client me is closed; it may not have been sent");
  }

  @Test
  void closing_waits_for_kafkas_answer() throws Exception {
    servers.producer.hold();
    PendingResult pending = client.submit(request("a"));
    CompletableFuture<Void> closing = CompletableFuture.runAsync(() -> client.close(LONG));
    await().atMost(LONG).until(() -> servers.producer.waiting() == 1);
    assertThat(closing).isNotDone();
    servers.producer.release();

    closing.get(20, TimeUnit.SECONDS);
    assertThat(failure(pending)).hasMessageContaining("it was sent");
  }

  @Test
  void callback_may_close_the_client() {
    PendingResult pending = client.submit(request("a"));
    CompletableFuture<Void> closed = pending.thenAccept(r -> client.close(LONG));
    awaitSent(1);
    servers.answer();

    closed.orTimeout(20, TimeUnit.SECONDS).join();
    await().atMost(LONG).until(() -> threads().isEmpty());
  }

  @Test
  void closing_twice_at_once_is_harmless() {
    CompletableFuture<Void> other = CompletableFuture.runAsync(() -> client.close());
    client.close();

    other.orTimeout(20, TimeUnit.SECONDS).join();
    assertThat(servers.closedConnections).hasValue(1);
  }

  @Test
  void interrupted_close_releases_everything_and_stays_interrupted() {
    servers.producer.hold();
    PendingResult pending = client.submit(request("a"));
    Thread.currentThread().interrupt();
    client.close(LONG);

    assertThat(Thread.interrupted()).isTrue();
    assertThat(failure(pending)).isInstanceOf(ClientClosedException.class);
    assertThat(servers.closedConnections).hasValue(1);
  }
}
