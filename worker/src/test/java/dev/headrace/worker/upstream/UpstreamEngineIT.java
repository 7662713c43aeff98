package dev.headrace.worker.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.body.ChatMessage;
import dev.headrace.protocol.body.ChatRequest;
import dev.headrace.protocol.body.CompletionRequest;
import dev.headrace.protocol.body.FinishReason;
import dev.headrace.protocol.body.GenerationOptions;
import dev.headrace.protocol.body.Sampling;
import dev.headrace.worker.device.DeviceBatch;
import dev.headrace.worker.device.Engine;
import dev.headrace.worker.device.FinishedRow;
import dev.headrace.worker.device.Row;
import dev.headrace.worker.device.RowDrop;
import dev.headrace.worker.device.RowOutput;
import dev.headrace.worker.device.RowOutput.Generated;
import dev.headrace.worker.device.RowProgress;
import dev.headrace.worker.device.ServedModel;
import dev.headrace.worker.device.ServiceSample;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The engine against a small server of ours; {@link LlamaServerIT} has a real one. */
class UpstreamEngineIT {
  private FakeServer server;
  private Engine engine;
  private final Heard heard = new Heard();

  private static final class Heard implements Engine.Listener {
    final Map<Long, RowOutput> outputs = new HashMap<>();
    final Map<Long, StringBuilder> text = new HashMap<>();
    final List<RowProgress> progress = new ArrayList<>();
    final List<ServiceSample> samples = new ArrayList<>();

    @Override
    public void progressed(long batch, List<RowProgress> rows) {
      progress.addAll(rows);
      rows.forEach(
          r ->
              text.computeIfAbsent(batch * 100 + r.row(), k -> new StringBuilder())
                  .append(r.text()));
    }

    @Override
    public void finished(long batch, List<FinishedRow> rows) {
      rows.forEach(r -> outputs.put(batch * 100 + r.row(), r.output()));
    }

    @Override
    public void failed(long batch, Failure failure) {
      throw new AssertionError(failure);
    }

    @Override
    public void measured(ServiceSample sample) {
      samples.add(sample);
    }
  }

  private UpstreamConfig config(int concurrency, Duration silence) {
    return new UpstreamConfig(
        server.url(),
        "sesame",
        List.of("tiny"),
        Set.of(Task.CHAT_COMPLETIONS, Task.COMPLETIONS, Task.EMBEDDINGS),
        concurrency,
        Duration.ofSeconds(5),
        silence,
        Duration.ofMillis(100),
        "1");
  }

  @BeforeEach
  void start() throws Exception {
    server = new FakeServer(0);
    engine = UpstreamEngine.factory(config(8, Duration.ofSeconds(20)), System::nanoTime).open();
  }

  @AfterEach
  void stop() {
    engine.close();
    server.close();
  }

  private ServedModel model() {
    return engine.models().get(0);
  }

  private static GenerationOptions options(int maxTokens) {
    return GenerationOptions.DEFAULT.with(Sampling.GREEDY).withMaxTokens(maxTokens);
  }

  private void chat(long batch, String text, GenerationOptions options) {
    ChatRequest request = new ChatRequest("tiny", List.of(ChatMessage.user(text)), options);
    engine.admit(new DeviceBatch(batch, model(), model().generate(request)));
  }

  private void until(BooleanSupplier condition) {
    long end = System.nanoTime() + 20_000_000_000L;
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("time").isLessThan(end);
      engine.ready();
      engine.step(heard);
    }
  }

  private Generated text(long batch, int row) {
    until(() -> heard.outputs.containsKey(batch * 100 + row));
    return (Generated) heard.outputs.get(batch * 100 + row);
  }

  @Test
  void models_are_those_that_the_server_lists_and_settings_name() {
    assertThat(engine.models()).extracting(ServedModel::name).containsExactly("tiny");
    assertThat(model().revision()).isEqualTo("upstream-1");
    assertThat(model().concurrency().orElseThrow().rows()).isEqualTo(8);
    assertThat(server.authorizations).containsOnly("Bearer sesame");
  }

  @Test
  void unknown_model_does_not_open() {
    UpstreamConfig c = config(1, Duration.ofSeconds(1));
    UpstreamConfig wrong =
        new UpstreamConfig(
            c.url(),
            "",
            List.of("huge"),
            c.tasks(),
            1,
            c.startWait(),
            c.silence(),
            c.healthInterval(),
            "1");
    assertThatThrownBy(() -> UpstreamEngine.factory(wrong, System::nanoTime).open())
        .hasMessageContaining("worker.upstream.models: [huge] (expected: some of [tiny, other])");
  }

  @Test
  void chat_streams_and_ends_with_text_reason_and_usage() {
    server.allowed = new Semaphore(3);
    chat(1, "hello", options(12));
    until(() -> !heard.progress.isEmpty());
    server.allowed.release(9);
    Generated out = text(1, 0);
    assertThat(out.text()).isEqualTo(" w1 w2 w3 w4 w5 w6 w7 w8 w9 w10 w11 w12");
    assertThat(out.finish()).isEqualTo(FinishReason.LENGTH);
    assertThat(out.promptTokens()).isEqualTo(7);
    assertThat(out.tokens()).isEqualTo(12);
    assertThat(out.text()).startsWith(heard.text.get(100L).toString());
    assertThat(heard.samples).hasSize(1);
    assertThat(server.bodies.get(0))
        .contains("\"stream\":true", "\"include_usage\":true", "\"temperature\":0")
        .contains("\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]");
  }

  @Test
  void each_choice_is_a_request_with_a_seed_of_its_own() {
    Sampling seeded = Sampling.DEFAULT.withSeed(40L);
    CompletionRequest request =
        new CompletionRequest(
            "tiny",
            List.of(new CompletionRequest.Text("a"), new CompletionRequest.Tokens(List.of(1, 2))),
            new GenerationOptions(3, 2, seeded, false, null));
    List<Row> rows = model().generate(request);
    engine.admit(new DeviceBatch(1, model(), rows));
    for (int i = 0; i < 4; i++) {
      assertThat(text(1, i).text()).isEqualTo(" w1 w2 w3");
    }
    assertThat(server.bodies).hasSize(4);
    assertThat(server.bodies.stream().filter(b -> b.contains("\"seed\":41"))).hasSize(2);
    assertThat(server.bodies.stream().filter(b -> b.contains("\"prompt\":[1,2]"))).hasSize(2);
  }

  @Test
  void rows_run_at_the_same_time() {
    server.pauseMs = 5;
    for (int i = 0; i < 8; i++) {
      chat(i, "x", options(20));
    }
    for (int i = 0; i < 8; i++) {
      text(i, 0);
    }
    assertThat(server.most.get()).isGreaterThan(4);
  }

  @ParameterizedTest
  @CsvSource({
    "status 400, INVALID_BODY, upstream answered 400: as you wish",
    "status 413, INPUT_TOO_LARGE, upstream answered 413: as you wish",
    "status 422, INVALID_BODY, upstream answered 422: as you wish",
    "status 429, NO_CAPACITY, upstream answered 429: as you wish",
    "status 500, UPSTREAM_UNAVAILABLE, upstream answered 500: as you wish",
    "status 503, NO_CAPACITY, upstream answered 503: as you wish",
    "error, UPSTREAM_UNAVAILABLE, upstream broke off: out of blocks",
    "break, UPSTREAM_UNAVAILABLE, upstream broke off: the stream ended before the text did",
  })
  void errors_have_their_kinds(String prompt, ErrorCode code, String message) {
    chat(1, prompt, options(10));
    until(() -> heard.outputs.containsKey(100L));
    assertThat(heard.outputs.get(100L)).isEqualTo(new RowOutput.Failed(new Failure(code, message)));
  }

  @Test
  void dropped_row_closes_its_connection_and_gives_what_there_is() {
    server.pauseMs = 5;
    chat(1, "long", options(100_000));
    until(() -> heard.progress.size() > 3);
    engine.drop(new RowDrop(1, 0, FinishReason.DEADLINE));
    Generated out = text(1, 0);
    assertThat(out.finish()).isEqualTo(FinishReason.DEADLINE);
    assertThat(out.text()).startsWith(" w1 w2");
    assertThat(out.tokens()).isPositive();
    assertThat(engine.busy()).isFalse();
    long end = System.nanoTime() + 10_000_000_000L;
    while (server.closedByClient.get() == 0) {
      assertThat(System.nanoTime()).as("connection is closed").isLessThan(end);
      Thread.onSpinWait();
    }
  }

  @Test
  void silence_ends_a_row() throws Exception {
    engine.close();
    engine = UpstreamEngine.factory(config(8, Duration.ofMillis(200)), System::nanoTime).open();
    chat(1, "hang", options(3));
    until(() -> heard.outputs.containsKey(100L));
    Failure failure = ((RowOutput.Failed) heard.outputs.get(100L)).failure();
    assertThat(failure.code()).isEqualTo(ErrorCode.UPSTREAM_UNAVAILABLE);
    assertThat(failure.message()).contains("nothing for PT0.2S");
  }

  @Test
  void server_that_goes_and_comes_back_is_noticed() throws Exception {
    int port = server.port();
    server.close();
    chat(1, "x", options(3));
    until(() -> heard.outputs.containsKey(100L));
    Failure failure = ((RowOutput.Failed) heard.outputs.get(100L)).failure();
    assertThat(failure.code()).isEqualTo(ErrorCode.UPSTREAM_UNAVAILABLE);
    until(() -> !engine.ready());
    server = new FakeServer(port);
    until(engine::ready);
    chat(2, "x", options(3));
    assertThat(text(2, 0).text()).isEqualTo(" w1 w2 w3");
  }

  @Test
  void texts_of_a_batch_are_embedded_in_one_request() {
    engine.admit(new DeviceBatch(1, model(), model().rows(List.of("a", "b", "c"))));
    until(() -> heard.outputs.size() == 3);
    assertThat(((RowOutput.Vector) heard.outputs.get(102L)).values()).containsExactly(2f, 0.5f);
    assertThat(server.bodies).hasSize(1);
    engine.admit(new DeviceBatch(2, model(), model().rows(List.of("status 400"))));
    until(() -> heard.outputs.containsKey(200L));
    assertThat(((RowOutput.Failed) heard.outputs.get(200L)).failure().code())
        .isEqualTo(ErrorCode.INVALID_BODY);
  }
}
