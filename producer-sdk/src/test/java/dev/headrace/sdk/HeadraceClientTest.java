package dev.headrace.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Status;
import dev.headrace.transport.redis.OutcomeStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The client with its threads, over fakes. */
@Timeout(60)
class HeadraceClientTest extends ClientSuite {
  @Test
  void future_completes_with_the_outcome() throws Exception {
    PendingResult pending = client.submit(request("t"));
    awaitSent(1);
    servers.answer();

    InferenceResult result = pending.get(20, TimeUnit.SECONDS);
    assertThat(result.id()).isEqualTo(pending.id());
    assertThat(result.isOk()).isTrue();
    assertThat(result.roundTrip()).isPresent();
    assertThat(client.result(pending.id())).isPresent();
    assertThat(client.result("unknown")).isEmpty();
  }

  @Test
  void results_of_many_are_in_the_order_of_the_requests() {
    List<Request> requests = List.of(request("a"), request("b"), request("c"));
    List<PendingResult> results = client.submitAll(requests);
    awaitSent(3);
    servers.answer();

    CompletableFuture.allOf(results.toArray(new CompletableFuture<?>[0]))
        .orTimeout(20, TimeUnit.SECONDS)
        .join();
    assertThat(results).extracting(PendingResult::id).isSorted().hasSize(3);
    assertThat(results).allSatisfy(r -> assertThat(r.join().id()).isEqualTo(r.id()));
  }

  @Test
  void one_wrong_request_of_many_and_none_is_sent() {
    assertThatThrownBy(() -> client.submitAll(List.of(request("a"), request(""))))
        .isInstanceOf(InvalidRequestException.class);
    client.close();

    assertThat(servers.sent()).isEmpty();
  }

  @Test
  void callbacks_run_on_the_completion_thread_and_may_throw() {
    PendingResult first = client.submit(request("a"));
    PendingResult second = client.submit(request("b"));
    CompletableFuture<String> thread = first.thenApply(r -> Thread.currentThread().getName());
    CompletableFuture<Object> thrown =
        first.thenApply(
            r -> {
              throw new IllegalStateException("a user's mistake");
            });
    awaitSent(2);
    servers.answer();

    assertThat(thread.orTimeout(20, TimeUnit.SECONDS).join()).isEqualTo("headrace-sdk-completions");
    assertThatThrownBy(thrown::join).hasMessageContaining("a user's mistake");
    assertThat(second.orTimeout(20, TimeUnit.SECONDS).join().isOk()).isTrue();
  }

  @Test
  void callback_that_blocks_does_not_stop_sending_and_receiving() {
    PendingResult first = client.submit(request("a"));
    CompletableFuture<Void> blocked = first.thenAccept(r -> awaitQuietly(hold));
    awaitSent(1);
    servers.answer();
    await().atMost(LONG).until(first::isDone);

    PendingResult second = client.submit(request("b"));
    awaitSent(2);
    servers.answer();
    await().atMost(LONG).until(() -> client.result(second.id()).isPresent());
    assertThat(blocked).isNotDone();
    hold.countDown();

    assertThat(second.orTimeout(20, TimeUnit.SECONDS).join().isOk()).isTrue();
  }

  @Test
  void callback_may_submit_in_a_full_client() {
    restart(Map.of("sdk.max-pending", "1"));
    CompletableFuture<InferenceResult> second =
        client.submit(request("a")).thenCompose(r -> client.submit(request("b")));
    awaitSent(1);
    servers.answer();
    awaitSent(2);
    servers.answer();

    assertThat(second.orTimeout(20, TimeUnit.SECONDS).join().isOk()).isTrue();
  }

  @Test
  void submit_does_no_io_on_the_callers_thread() {
    client.close();
    client =
        servers.client(
            Map.of("sdk.close-timeout", "0ms"),
            new Hanging(),
            new Failing(() -> awaitQuietly(hold)));
    long begin = System.nanoTime();
    PendingResult result = client.submit(request("a").idempotencyKey("k"));

    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(5));
    assertThat(result).isNotDone();
  }

  /** A Redis that does this instead of answering. */
  private record Failing(Runnable instead) implements OutcomeStore {
    @Override
    public List<Delivered> deliver(List<Outcome> outcomes) {
      instead.run();
      return List.of();
    }

    @Override
    public boolean amend(Outcome standing, Outcome more) {
      instead.run();
      return false;
    }

    @Override
    public void announce(List<Address> addresses) {}

    @Override
    public void markPublished(List<Address> addresses) {}

    @Override
    public List<Optional<Delivered>> find(List<Address> addresses) {
      instead.run();
      return List.of();
    }

    @Override
    public void putBlob(Address address, byte[] body) {
      instead.run();
    }

    @Override
    public Optional<byte[]> blob(String key) {
      return Optional.empty();
    }
  }

  @Test
  void full_client_makes_submit_wait_and_then_fails_the_future() {
    client.close();
    client =
        servers.client(
            Map.of(
                "sdk.queue-requests", "1", "sdk.submit-wait", "100ms", "sdk.close-timeout", "0ms"),
            new Hanging(),
            servers.store);
    // At most one is at the sender and one in the queue.
    List<PendingResult> results =
        client.submitAll(List.of(request("a"), request("b"), request("c"), request("d")));

    HeadraceException refused = failure(results.get(3));
    assertThat(refused).isInstanceOf(OverloadedException.class);
    assertThat(refused).hasMessageContaining(results.get(3).id());
    assertThat(results.get(0)).isNotDone();
  }

  @Test
  void interrupted_caller_does_not_wait_and_stays_interrupted() {
    restart(Map.of("sdk.max-pending", "1"));
    client.submit(request("a"));
    Thread.currentThread().interrupt();
    PendingResult second = client.submit(request("b"));

    assertThat(Thread.interrupted()).isTrue();
    assertThat(failure(second)).hasMessageContaining("interrupted while waiting for room");
  }

  @Test
  void cancelled_future_cancels_the_request() {
    PendingResult pending = client.submit(request("a"));
    awaitSent(1);
    assertThat(pending.cancel(true)).isTrue();

    assertThatThrownBy(pending::join).isInstanceOf(CancellationException.class);
    await()
        .atMost(LONG)
        .until(
            () ->
                client
                    .result(pending.id())
                    .map(InferenceResult::status)
                    .equals(Optional.of(Status.CANCELLED)));
  }

  @Test
  void cancelled_request_completes_its_future() {
    PendingResult pending = client.submit(request("a"));

    assertThat(client.cancel(pending.id())).isTrue();
    assertThat(client.cancel(pending.id())).isTrue();
    InferenceResult result = pending.orTimeout(20, TimeUnit.SECONDS).join();
    assertThat(result.status()).isEqualTo(Status.CANCELLED);
    assertThatThrownBy(result::orThrow).isInstanceOf(InferenceException.class);
  }

  @Test
  void request_that_has_ended_cannot_be_cancelled() {
    PendingResult pending = client.submit(request("a"));
    awaitSent(1);
    servers.answer();

    assertThat(client.cancel(pending.id())).isFalse();
  }

  @Test
  void without_redis_result_and_cancel_say_so() {
    servers.store.outage().begin();

    assertThatThrownBy(() -> client.result("id-1"))
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessage("result of request id-1: store_unavailable: fake store is down");
    assertThatThrownBy(() -> client.cancel("id-1"))
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessage("cancelling request id-1: store_unavailable: fake store is down");
    servers.store.outage().end();
  }

  @Test
  void later_client_of_the_same_name_finds_the_outcome() {
    PendingResult pending = client.submit(request("a"));
    client.close();
    servers.answer();
    client = servers.client(Map.of());

    assertThat(client.result(pending.id()).orElseThrow().isOk()).isTrue();
  }

  @Test
  void later_client_gets_the_outcome_by_the_idempotency_key() {
    PendingResult pending = client.submit(request("a").idempotencyKey("order-1"));
    client.close();
    servers.answer();
    client = servers.client(Map.of());
    PendingResult again = client.submit(request("a").idempotencyKey("order-1"));

    assertThat(again.id()).isEqualTo(pending.id());
    assertThat(again.orTimeout(20, TimeUnit.SECONDS).join().isOk()).isTrue();
    assertThat(servers.sent()).hasSize(1);
  }

  @Test
  void defect_in_a_thread_fails_the_futures_instead_of_leaving_them() {
    client.close();
    Consumer<String> defect =
        message -> {
          throw new IllegalStateException(message);
        };
    client =
        servers.client(Map.of(), servers.producer, new Failing(() -> defect.accept("a defect")));
    PendingResult pending = client.submit(request("a").idempotencyKey("k"));

    assertThat(failure(pending))
        .isInstanceOf(ClientClosedException.class)
        .hasMessageContaining("was stopped by a defect: java.lang.IllegalStateException: a defect")
        .hasCauseInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> client.submit(request("b"))).isInstanceOf(ClientClosedException.class);
  }

  @Test
  void threads_are_those_of_the_packages_page_and_end_with_the_client() throws IOException {
    Path page = Path.of("src/main/java/dev/headrace/sdk/package-info.java");
    Matcher names = Pattern.compile("headrace-sdk-[a-z]+").matcher(Files.readString(page));
    Set<String> documented =
        names.results().map(r -> r.group()).collect(Collectors.toCollection(TreeSet::new));

    assertThat(threads()).isEqualTo(documented);
    client.close();
    assertThat(threads()).isEmpty();
  }

  @Test
  void join_shows_the_reason() {
    PendingResult pending = client.submit(request("a"));
    client.close();

    assertThatThrownBy(pending::join)
        .isInstanceOf(CompletionException.class)
        .hasCauseInstanceOf(ClientClosedException.class);
  }
}
