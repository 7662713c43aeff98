package dev.headrace.worker.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.protocol.Address;
import dev.headrace.protocol.Detail;
import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Outcome;
import dev.headrace.protocol.Outcomes;
import dev.headrace.protocol.Status;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.Tier;
import dev.headrace.protocol.body.ChatMessage;
import dev.headrace.protocol.body.ChatRequest;
import dev.headrace.protocol.body.CompletionRequest;
import dev.headrace.protocol.body.FinishReason;
import dev.headrace.protocol.body.GenerationChunk;
import dev.headrace.protocol.body.GenerationOptions;
import dev.headrace.protocol.body.GenerationResponse;
import dev.headrace.protocol.body.Sampling;
import dev.headrace.transport.kafka.Slot;
import dev.headrace.transport.redis.ChunkStore.Piece;
import dev.headrace.worker.device.Concurrency;
import dev.headrace.worker.device.OneShotEngine;
import dev.headrace.worker.device.SharedDevice;
import dev.headrace.worker.testing.FakeGenerator;
import dev.headrace.worker.testing.FakeRunner;
import dev.headrace.worker.testing.Requests;
import dev.headrace.worker.testing.WordModel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/** Text generation in the worker's loop. */
class GenerationLoopTest {
  private final Cluster cluster = new Cluster();
  private final FakeGenerator generator = new FakeGenerator("gen", new Concurrency(4, 1000));
  private final TestWorker worker = new TestWorker(cluster, "w1", () -> generator).started();

  private static GenerationOptions options(int maxTokens) {
    return GenerationOptions.DEFAULT.with(Sampling.GREEDY).withMaxTokens(maxTokens);
  }

  private static Requests chat(String id, String text, GenerationOptions options) {
    ChatRequest body = new ChatRequest("gen", List.of(ChatMessage.user(text)), options);
    return Requests.request(id).model("gen").task(Task.CHAT_COMPLETIONS).body(body.encode());
  }

  private void until(BooleanSupplier condition) {
    for (int i = 0; !condition.getAsBoolean(); i++) {
      assertThat(i).as("rounds").isLessThan(5_000);
      worker.round();
    }
  }

  private Outcome ended(String id) {
    until(() -> cluster.outcome(id) != null);
    return cluster.outcome(id);
  }

  private static GenerationResponse response(Outcome outcome) {
    return GenerationResponse.parse(outcome.body());
  }

  @Test
  void chat_is_answered_with_text_finish_reason_and_usage() {
    cluster.add(chat("a", "hello there", options(3)));
    Outcome outcome = ended("a");
    assertThat(outcome.status()).isEqualTo(Status.OK);
    GenerationResponse response = response(outcome);
    assertThat(response.choices())
        .containsExactly(new GenerationResponse.Choice(0, " w1 w2 w3", FinishReason.LENGTH, null));
    assertThat(response.usage().promptTokens()).isEqualTo(2);
    assertThat(response.usage().completionTokens()).isEqualTo(3);
    assertThat(response.id()).isEqualTo("a");
    assertThat(outcome.details())
        .containsEntry(Detail.TOKENS, "2")
        .containsEntry(Detail.NEW_TOKENS, "3")
        .containsKey(Detail.USD);
  }

  @Test
  void prompts_and_choices_are_rows_and_come_back_in_order() {
    GenerationOptions two = new GenerationOptions(2, 2, Sampling.GREEDY, false, null);
    CompletionRequest body =
        new CompletionRequest(
            "gen",
            List.of(new CompletionRequest.Text("one"), new CompletionRequest.Text("one two")),
            two);
    cluster.add(Requests.request("a").model("gen").task(Task.COMPLETIONS).body(body.encode()));
    GenerationResponse response = response(ended("a"));
    assertThat(response.choices())
        .extracting(GenerationResponse.Choice::index)
        .containsExactly(0, 1, 2, 3);
    // Each prompt counts once, whatever its choices.
    assertThat(response.usage().promptTokens()).isEqualTo(3);
    assertThat(response.usage().completionTokens()).isEqualTo(8);
  }

  @Test
  void requests_join_while_others_run_and_short_ones_do_not_wait_for_long_ones() {
    cluster.add(chat("long", "x", options(500)));
    until(() -> generator.steps > 20);
    cluster.add(chat("short", "x", options(2)));
    ended("short");
    assertThat(cluster.outcome("long")).isNull();
    assertThat(generator.most).isEqualTo(2);
  }

  @Test
  void no_more_rows_are_on_the_device_than_fit() {
    for (int i = 0; i < 20; i++) {
      cluster.add(chat("r" + i, "x", options(10)));
    }
    until(() -> cluster.outcomes.outcomes().size() == 20);
    assertThat(generator.most).isEqualTo(4);
  }

  @Test
  void tokens_bound_what_is_on_the_device_and_one_row_always_fits() {
    cluster.add(chat("huge", "x", options(2000)), chat("a", "x", options(5)));
    until(() -> generator.steps > 50);
    assertThat(generator.most).isEqualTo(1);
    assertThat(cluster.outcome("a")).isNull();
    ended("a");
    assertThat(cluster.outcome("huge").status()).isEqualTo(Status.OK);
  }

  @Test
  void deadline_ends_a_generation_with_the_text_so_far() {
    cluster.add(chat("a", "x", options(100_000)).slack(Duration.ofMillis(200)));
    Outcome outcome = ended("a");
    assertThat(outcome.status()).isEqualTo(Status.EXPIRED);
    GenerationResponse partial = response(outcome);
    assertThat(partial.choices().get(0).finish()).isEqualTo(FinishReason.DEADLINE);
    int words = Integer.parseInt(outcome.detail(Detail.NEW_TOKENS));
    assertThat(words).isBetween(20, 300);
    assertThat(partial.choices().get(0).text()).isEqualTo(FakeGenerator.text(words));
    assertThat(new String(outcome.body(), java.nio.charset.StandardCharsets.UTF_8))
        .startsWith("{\"error\":{\"message\":\"deadline passed: ");
    // The device is free at once, the record is done.
    assertThat(generator.running()).isZero();
    until(() -> worker.health.latest().inFlight() == 0);
  }

  @Test
  void deadline_ends_all_rows_of_a_request_also_those_that_wait() {
    GenerationOptions many = new GenerationOptions(100_000, 6, Sampling.GREEDY, false, null);
    cluster.add(chat("a", "x", many).slack(Duration.ofMillis(200)));
    Outcome outcome = ended("a");
    assertThat(outcome.status()).isEqualTo(Status.EXPIRED);
    assertThat(response(outcome).choices()).hasSize(6);
    assertThat(response(outcome).choices().get(5).text()).isEmpty();
  }

  @Test
  void cancelled_generation_stops_and_its_outcome_stands() {
    cluster.add(chat("a", "x", options(100_000)));
    until(() -> generator.steps > 20);
    Address address = new Address(Requests.CLIENT, "a", true, null);
    cluster.outcomes.deliver(List.of(Outcomes.cancelled(address, cluster.now(), "/test")));
    until(() -> generator.running() == 0);
    assertThat(generator.steps).isLessThan(1000);
    until(() -> worker.health.latest().inFlight() == 0);
    Outcome outcome = cluster.outcome("a");
    assertThat(outcome.status()).isEqualTo(Status.CANCELLED);
    assertThat(cluster.published()).containsExactly(outcome);
    GenerationResponse partial = response(outcome);
    int words = Integer.parseInt(outcome.detail(Detail.NEW_TOKENS));
    assertThat(words).isGreaterThan(20);
    assertThat(partial.choices().get(0).text()).isEqualTo(FakeGenerator.text(words));
    assertThat(partial.choices().get(0).finish()).isEqualTo(FinishReason.CANCELLED);
    assertThat(new String(outcome.body(), java.nio.charset.StandardCharsets.UTF_8))
        .startsWith("{\"error\":{\"message\":\"cancelled by the client\"")
        .contains("\"cancelled\"");
  }

  @Test
  void cancellation_that_kafka_has_already_stays_as_it_is() {
    cluster.add(chat("a", "x", options(100_000)));
    until(() -> generator.steps > 20);
    Address address = new Address(Requests.CLIENT, "a", true, null);
    Outcome bare = Outcomes.cancelled(address, cluster.now(), "/test");
    cluster.outcomes.deliver(List.of(bare));
    cluster.outcomes.markPublished(List.of(address));
    until(() -> generator.running() == 0);
    until(() -> worker.health.latest().inFlight() == 0);
    assertThat(cluster.outcome("a")).isEqualTo(bare);
  }

  @Test
  void failed_row_ends_its_request_and_no_other() {
    cluster.add(chat("bad", "bad", options(5)), chat("good", "good", options(5)));
    assertThat(ended("bad").failure().code()).isEqualTo(ErrorCode.INVALID_BODY);
    assertThat(ended("good").status()).isEqualTo(Status.OK);
  }

  @Test
  void one_failed_prompt_ends_the_other_rows_of_its_request_at_once() {
    CompletionRequest body =
        new CompletionRequest(
            "gen",
            List.of(new CompletionRequest.Text("bad"), new CompletionRequest.Text("good")),
            options(100_000));
    cluster.add(Requests.request("a").model("gen").task(Task.COMPLETIONS).body(body.encode()));
    assertThat(ended("a").failure().code()).isEqualTo(ErrorCode.INVALID_BODY);
    until(() -> generator.running() == 0);
  }

  @Test
  void streamed_text_is_written_a_few_times_a_second_and_is_whole() {
    cluster.add(chat("a", "x", options(1000).streamed(true)));
    ended("a");
    until(() -> pieces("a").stream().anyMatch(c -> c.finish() != null));
    List<GenerationChunk> chunks = pieces("a");
    StringBuilder text = new StringBuilder();
    chunks.forEach(c -> text.append(c.text()));
    assertThat(text.toString()).isEqualTo(FakeGenerator.text(1000));
    assertThat(chunks.get(chunks.size() - 1).finish()).isEqualTo(FinishReason.LENGTH);
    // A second of generation, five writes a second.
    assertThat(cluster.chunks.calls()).isBetween(4, 8);
  }

  @Test
  void text_that_nobody_reads_along_is_not_written() {
    cluster.add(chat("a", "x", options(100)));
    ended("a");
    worker.run();
    assertThat(cluster.chunks.calls()).isZero();
  }

  @Test
  void streamed_text_survives_an_outage_of_redis() {
    cluster.add(chat("a", "x", options(2000).streamed(true)));
    until(() -> generator.steps > 300);
    cluster.outage.begin();
    until(() -> generator.steps > 900);
    cluster.outage.end();
    ended("a");
    until(() -> pieces("a").stream().anyMatch(c -> c.finish() != null));
    int offset = 0;
    for (Piece piece : cluster.chunks.pieces(Requests.CLIENT, "a")) {
      assertThat(piece.offset()).isEqualTo(offset);
      offset += GenerationChunk.parse(piece.chunk()).text().length();
    }
    assertThat(offset).isEqualTo(FakeGenerator.text(2000).length());
  }

  private List<GenerationChunk> pieces(String id) {
    List<GenerationChunk> chunks = new ArrayList<>();
    cluster
        .chunks
        .pieces(Requests.CLIENT, id)
        .forEach(p -> chunks.add(GenerationChunk.parse(p.chunk())));
    return chunks;
  }

  @Test
  void text_that_cannot_be_repeated_is_not_cached() {
    GenerationOptions random = GenerationOptions.DEFAULT.withMaxTokens(2);
    Requests leader =
        Requests.request("a")
            .model("gen")
            .task(Task.CHAT_COMPLETIONS)
            .body(new ChatRequest("gen", List.of(ChatMessage.user("x")), random).encode());
    assertThat(random.sampling().repeatable()).isFalse();
    cluster.add(leader);
    assertThat(ended("a").status()).isEqualTo(Status.OK);
  }

  @Test
  void draining_worker_hands_back_what_it_had_not_begun() {
    for (int i = 0; i < 6; i++) {
      cluster.add(chat("r" + i, "x", options(50)));
    }
    until(() -> generator.running() == 4);
    worker.loop.drain();
    until(worker.loop::drained);
    assertThat(cluster.outcomes.outcomes().size()).isEqualTo(4);
    worker.close();
    TestWorker next =
        new TestWorker(cluster, "w2", () -> new FakeGenerator("gen", new Concurrency(4, 1000)))
            .started();
    for (int i = 0; i < 300 && cluster.outcomes.outcomes().size() < 6; i++) {
      next.round();
    }
    assertThat(cluster.outcomes.outcomes().size()).isEqualTo(6);
  }

  @Test
  void closed_worker_stops_generating_and_no_crash_is_counted() {
    cluster.add(chat("a", "x", options(100_000)));
    until(() -> generator.steps > 20);
    worker.loop.drain();
    worker.loop.close(Duration.ofSeconds(1));
    for (int i = 0; i < 3; i++) {
      worker.stepEngine();
    }
    assertThat(generator.running()).isZero();
    assertThat(cluster.outcome("a")).isNull();
    assertThat(cluster.ledger.crashes()).isEmpty();
  }

  @Test
  void generations_that_ran_when_a_worker_died_run_alone() {
    cluster.add(chat("a", "x", options(400)), chat("b", "x", options(400)));
    until(() -> generator.running() == 2);
    cluster.advance(Duration.ofSeconds(11));
    FakeGenerator other = new FakeGenerator("gen", new Concurrency(4, 1000));
    TestWorker heir = new TestWorker(cluster, "w2", () -> other);
    heir.consumer.assign(new Slot(Cluster.WORK, 0), new Slot(Cluster.WORK, 1));
    heir.openDevice();
    for (int i = 0; i < 200; i++) {
      heir.round();
    }
    assertThat(cluster.ledger.crashes()).containsKeys("client/a", "client/b");
    assertThat(other.most).isEqualTo(1);
  }

  @Test
  void embeddings_and_generation_share_one_worker() {
    FakeRunner encoder = new FakeRunner(WordModel.named("words"));
    FakeGenerator shared = new FakeGenerator("gen", new Concurrency(4, 100_000));
    TestWorker both =
        new TestWorker(
                cluster,
                "w3",
                () ->
                    new SharedDevice(
                        List.of(new OneShotEngine(encoder, cluster::nanos), shared),
                        cluster::nanos))
            .started();
    cluster.add(chat("long", "x", options(3000)));
    for (int i = 0; i < 50; i++) {
      both.round();
    }
    for (int i = 0; i < 40; i++) {
      cluster.add(Requests.embeddings("e" + i, "some text").tier(Tier.ECONOMY));
    }
    int before = shared.steps;
    for (int i = 0; i < 400 && cluster.outcomes.outcomes().size() < 40; i++) {
      both.round();
    }
    assertThat(cluster.outcomes.outcomes().size())
        .as("embeddings done while a text runs")
        .isEqualTo(40);
    assertThat(shared.steps).as("the text went on").isGreaterThan(before);
    assertThat(cluster.outcome("long")).isNull();
  }
}
