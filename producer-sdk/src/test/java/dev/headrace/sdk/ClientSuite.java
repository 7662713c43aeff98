package dev.headrace.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.headrace.protocol.event.WireRecord;
import dev.headrace.transport.kafka.EventProducer;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;

/** A client with its threads, over fakes. */
abstract class ClientSuite {
  static final Duration LONG = Duration.ofSeconds(20);

  final FakeServers servers = new FakeServers();
  final CountDownLatch hold = new CountDownLatch(1);
  HeadraceClient client = servers.client(Map.of());

  @AfterEach
  void close() {
    hold.countDown();
    client.close();
  }

  void restart(Map<String, String> settings) {
    client.close();
    client = servers.client(settings);
  }

  static Request request(String text) {
    return Request.embed("m", text);
  }

  void awaitSent(int count) {
    await().atMost(LONG).until(() -> servers.sent().size() >= count);
  }

  static HeadraceException failure(PendingResult result) {
    try {
      result.get(20, TimeUnit.SECONDS);
      throw new AssertionError("expected a failure: " + result.join());
    } catch (java.util.concurrent.ExecutionException e) {
      return (HeadraceException) e.getCause();
    } catch (InterruptedException | java.util.concurrent.TimeoutException e) {
      throw new AssertionError(e);
    }
  }

  /** A Kafka that takes a record only when the test ends. */
  final class Hanging implements EventProducer {
    @Override
    public void send(String topic, WireRecord record, Callback callback) {
      awaitQuietly(hold);
    }

    @Override
    public void close(Duration timeout) {}
  }

  static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  static Set<String> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(t -> t.isAlive() && t.getName().startsWith("headrace-sdk"))
        .peek(t -> assertThat(t.isDaemon()).isTrue())
        .map(Thread::getName)
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
