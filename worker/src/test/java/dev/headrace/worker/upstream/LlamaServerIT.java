package dev.headrace.worker.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

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
import dev.headrace.worker.device.RowDrop;
import dev.headrace.worker.device.RowOutput;
import dev.headrace.worker.device.RowOutput.Generated;
import dev.headrace.worker.device.RowProgress;
import dev.headrace.worker.device.ServedModel;
import dev.headrace.worker.device.ServiceSample;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The engine against a real llama.cpp server. Runs where {@code HEADRACE_TEST_LLAMA_PYTHON} names a
 * Python with {@code llama-cpp-python[server]} and {@code HEADRACE_TEST_GGUF} a model; skips
 * elsewhere.
 */
class LlamaServerIT {
  private static Process server;
  private static Engine engine;
  private final Map<Long, RowOutput> outputs = new HashMap<>();
  private final Map<Long, StringBuilder> streamed = new HashMap<>();

  private final Engine.Listener listener =
      new Engine.Listener() {
        @Override
        public void progressed(long batch, List<RowProgress> rows) {
          rows.forEach(
              r -> streamed.computeIfAbsent(batch, b -> new StringBuilder()).append(r.text()));
        }

        @Override
        public void finished(long batch, List<FinishedRow> rows) {
          rows.forEach(r -> outputs.put(batch, r.output()));
        }

        @Override
        public void failed(long batch, Failure failure) {
          throw new AssertionError(failure);
        }

        @Override
        public void measured(ServiceSample sample) {}
      };

  @BeforeAll
  static void start() throws Exception {
    String python = System.getenv("HEADRACE_TEST_LLAMA_PYTHON");
    String model = System.getenv("HEADRACE_TEST_GGUF");
    assumeTrue(
        python != null && model != null,
        "no llama.cpp server: HEADRACE_TEST_LLAMA_PYTHON and HEADRACE_TEST_GGUF are not set");
    int port = freePort();
    List<String> command =
        new ArrayList<>(List.of(python, "-m", "llama_cpp.server", "--model", model));
    command.addAll(List.of("--model_alias", "smol", "--host", "127.0.0.1", "--n_ctx", "1024"));
    command.addAll(List.of("--port", Integer.toString(port), "--n_threads", "2"));
    server =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(Path.of("target", "llama-server.log").toFile())
            .start();
    UpstreamConfig config =
        new UpstreamConfig(
            URI.create("http://127.0.0.1:" + port),
            "",
            List.of(),
            Set.of(Task.CHAT_COMPLETIONS, Task.COMPLETIONS),
            2,
            Duration.ofMinutes(2),
            Duration.ofMinutes(1),
            Duration.ofSeconds(5),
            "1");
    engine = UpstreamEngine.factory(config, System::nanoTime).open();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  @AfterAll
  static void stop() throws InterruptedException {
    if (engine != null) {
      engine.close();
    }
    if (server != null) {
      server.destroy();
      if (!server.waitFor(10, TimeUnit.SECONDS)) {
        server.destroyForcibly();
      }
    }
  }

  private static ServedModel model() {
    return engine.models().get(0);
  }

  private static GenerationOptions greedy(int maxTokens) {
    return GenerationOptions.DEFAULT.with(Sampling.GREEDY).withMaxTokens(maxTokens);
  }

  private RowOutput run(long batch) {
    long end = System.nanoTime() + 120_000_000_000L;
    while (!outputs.containsKey(batch)) {
      assertThat(System.nanoTime()).as("time").isLessThan(end);
      engine.step(listener);
    }
    return outputs.get(batch);
  }

  private void chat(long batch, String text, GenerationOptions options) {
    ChatRequest request = new ChatRequest("smol", List.of(ChatMessage.user(text)), options);
    engine.admit(new DeviceBatch(batch, model(), model().generate(request)));
  }

  @Test
  void model_is_found_by_its_alias() {
    assertThat(model().name()).isEqualTo("smol");
  }

  @Test
  void chat_streams_a_whole_text_with_its_reason() {
    chat(1, "What is the capital of France? One word.", greedy(16));
    Generated out = (Generated) run(1);
    assertThat(out.text()).contains("Paris");
    assertThat(out.finish()).isIn(FinishReason.STOP, FinishReason.LENGTH);
    assertThat(out.text()).startsWith(streamed.get(1L).toString().stripTrailing());
    assertThat(out.tokens()).isBetween(1, 16);
  }

  @Test
  void completion_goes_on_and_is_repeatable() {
    CompletionRequest request =
        new CompletionRequest(
            "smol", List.of(new CompletionRequest.Text("One, two, three,")), greedy(8));
    engine.admit(new DeviceBatch(2, model(), model().generate(request)));
    String first = ((Generated) run(2)).text();
    engine.admit(new DeviceBatch(3, model(), model().generate(request)));
    assertThat(first).contains("four");
    assertThat(((Generated) run(3)).text()).isEqualTo(first);
  }

  @Test
  void dropped_text_frees_the_server() {
    chat(4, "Tell me a very long story about a river.", greedy(900));
    long end = System.nanoTime() + 60_000_000_000L;
    while (streamed.getOrDefault(4L, new StringBuilder()).length() < 20) {
      assertThat(System.nanoTime()).as("time").isLessThan(end);
      engine.step(listener);
    }
    engine.drop(new RowDrop(4, 0, FinishReason.DEADLINE));
    assertThat(((Generated) run(4)).finish()).isEqualTo(FinishReason.DEADLINE);
    chat(5, "Say hi.", greedy(4));
    assertThat(run(5)).isInstanceOf(Generated.class);
  }

  @Test
  void prompt_that_is_too_long_fails_this_request_alone() {
    chat(6, "water ".repeat(3000), greedy(4));
    // This server answers 200 and an empty stream; others answer 400.
    assertThat(((RowOutput.Failed) run(6)).failure().code())
        .isIn(ErrorCode.UPSTREAM_UNAVAILABLE, ErrorCode.INVALID_BODY);
    chat(7, "Say hi.", greedy(4));
    assertThat(run(7)).isInstanceOf(Generated.class);
  }
}
