package dev.headrace.worker.upstream;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.body.EmbeddingsRequest;
import dev.headrace.protocol.body.EmbeddingsResponse;
import dev.headrace.protocol.body.FinishReason;
import dev.headrace.protocol.body.GenerationChunk;
import dev.headrace.protocol.body.VectorEncoding;
import dev.headrace.worker.device.DeviceBatch;
import dev.headrace.worker.device.Engine;
import dev.headrace.worker.device.EngineFactory;
import dev.headrace.worker.device.FinishedRow;
import dev.headrace.worker.device.RowDrop;
import dev.headrace.worker.device.RowOutput;
import dev.headrace.worker.device.RowProgress;
import dev.headrace.worker.device.ServedModel;
import dev.headrace.worker.device.ServiceSample;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An engine by iterations whose device is a server: it batches what it is given at the same time,
 * so each row goes there at once, as a request of its own, and its text comes back as a stream. A
 * step takes what came. Texts to embed go together, those of a batch in one request.
 */
public final class UpstreamEngine implements Engine {
  private static final Logger LOG = LoggerFactory.getLogger(UpstreamEngine.class);

  /** Longest wait for an event in a step (chosen: others wait for the thread meanwhile). */
  private static final long WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  private final UpstreamConfig config;
  private final UpstreamClient client;
  private final LongSupplier nanos;
  private final List<ServedModel> models;
  private final LinkedBlockingQueue<Runnable> events = new LinkedBlockingQueue<>();
  private final List<Generation> running = new ArrayList<>();
  private final List<Outcome> outcomes = new ArrayList<>();
  private final ServerWatch watch;
  private int embedding;
  private long sharedAt;

  /** What became of a row. */
  private record Outcome(long batch, FinishedRow row, @Nullable ServiceSample sample) {}

  private UpstreamEngine(
      UpstreamConfig config, UpstreamClient client, List<ServedModel> models, LongSupplier nanos) {
    this.config = config;
    this.client = client;
    this.models = models;
    this.nanos = nanos;
    this.watch = new ServerWatch(client, config.healthInterval().toNanos(), nanos);
  }

  /** What opens such an engine; waits for the server. */
  public static EngineFactory factory(UpstreamConfig config, LongSupplier nanos) {
    return () -> open(config, nanos);
  }

  private static UpstreamEngine open(UpstreamConfig config, LongSupplier nanos)
      throws InterruptedException {
    UpstreamClient client = new UpstreamClient(config);
    List<String> listed = ServerWatch.await(client, config.startWait().toNanos(), nanos);
    List<String> names = config.models().isEmpty() ? listed : config.models();
    if (names.isEmpty() || !listed.containsAll(names)) {
      throw new FailureException(
          ErrorCode.UNKNOWN_MODEL,
          "worker.upstream.models: " + names + " (expected: some of " + listed + ")");
    }
    List<ServedModel> models = new ArrayList<>();
    for (String name : names) {
      models.add(
          new UpstreamModel(
              name, "upstream-" + config.revision(), config.tasks(), config.concurrency()));
    }
    LOG.info("server found url={} models={}", client.url(), names);
    return new UpstreamEngine(config, client, models, nanos);
  }

  @Override
  public List<ServedModel> models() {
    return models;
  }

  @Override
  public boolean ready() {
    return watch.up();
  }

  @Override
  public boolean admits() {
    return true;
  }

  @Override
  public void admit(DeviceBatch batch) {
    if (!busy()) {
      sharedAt = nanos.getAsLong();
    }
    UpstreamModel model = (UpstreamModel) batch.model();
    List<Integer> texts = new ArrayList<>();
    for (int i = 0; i < batch.rows().size(); i++) {
      if (batch.rows().get(i) instanceof UpstreamModel.PromptRow prompt) {
        generate(batch.id(), i, model, prompt);
      } else {
        texts.add(i);
      }
    }
    if (!texts.isEmpty()) {
      embed(batch, model, texts);
    }
  }

  private void generate(long batch, int row, UpstreamModel model, UpstreamModel.PromptRow prompt) {
    Generation g = new Generation(batch, row, model, prompt.length(), nanos.getAsLong());
    running.add(g);
    send(g, prompt);
  }

  private void send(Generation g, UpstreamModel.PromptRow prompt) {
    CompletableFuture<java.net.http.HttpResponse<UpstreamClient.Answer>> call =
        client.stream(
            prompt.task().url(), prompt.body(), event -> events.add(() -> heard(g, event)));
    g.runs(call);
    var ignored =
        call.whenComplete((answer, error) -> events.add(() -> ended(g, prompt, answer, error)));
  }

  private void heard(Generation g, String event) {
    if (g.ended || event.equals("[DONE]")) {
      return;
    }
    try {
      g.add(GenerationChunk.parse(event.getBytes(StandardCharsets.UTF_8)), nanos.getAsLong());
    } catch (FailureException e) {
      g.stop();
      fail(g, UpstreamErrors.inStream(event));
    }
  }

  private void ended(
      Generation g,
      UpstreamModel.PromptRow prompt,
      java.net.http.@Nullable HttpResponse<UpstreamClient.Answer> response,
      @Nullable Throwable error) {
    if (g.ended) {
      return;
    }
    if (error != null && g.again()) {
      send(g, prompt);
      return;
    }
    g.ended = true;
    if (g.whole()) {
      finish(g, g.output(null));
    } else if (error != null || response == null) {
      watch.soon();
      Throwable cause = error == null ? new IllegalStateException("no answer") : error;
      fail(g, UpstreamErrors.ofConnection(client.url(), cause));
    } else if (response.body().status() != 200) {
      fail(g, UpstreamErrors.ofStatus(response.body().status(), response.body().body()));
    } else {
      fail(g, UpstreamErrors.inStream("the stream ended before the text did"));
    }
  }

  private void fail(Generation g, Failure failure) {
    finish(g, new RowOutput.Failed(failure));
  }

  private void finish(Generation g, RowOutput output) {
    running.remove(g);
    ServiceSample sample = null;
    if (output instanceof RowOutput.Generated) {
      int tokens = Math.max(1, g.promptTokens() + g.tokens());
      sample = new ServiceSample(g.model.name(), 1, tokens, tokens, g.seconds);
    }
    FinishedRow row = new FinishedRow(g.row, output, g.startedNanos, g.seconds);
    outcomes.add(new Outcome(g.batch, row, sample));
  }

  private void embed(DeviceBatch batch, UpstreamModel model, List<Integer> rows) {
    List<String> texts = new ArrayList<>();
    rows.forEach(i -> texts.add(((UpstreamModel.TextRow) batch.rows().get(i)).text()));
    byte[] body = new EmbeddingsRequest(model.name(), texts, VectorEncoding.FLOAT, 0).encode();
    long started = nanos.getAsLong();
    embedding++;
    var ignored =
        client
            .post(Task.EMBEDDINGS.url(), body)
            .whenComplete(
                (answer, error) -> events.add(() -> embedded(batch, rows, started, answer, error)));
  }

  private void embedded(
      DeviceBatch batch,
      List<Integer> rows,
      long started,
      UpstreamClient.@Nullable Answer answer,
      @Nullable Throwable error) {
    embedding--;
    List<RowOutput> outputs = new ArrayList<>();
    Failure failure = null;
    if (error != null || answer == null) {
      watch.soon();
      Throwable cause = error == null ? new IllegalStateException("no answer") : error;
      failure = UpstreamErrors.ofConnection(client.url(), cause);
    } else if (answer.status() != 200) {
      failure = UpstreamErrors.ofStatus(answer.status(), answer.body());
    } else {
      try {
        EmbeddingsResponse response =
            EmbeddingsResponse.parse(answer.body().getBytes(StandardCharsets.UTF_8));
        response.vectors().forEach(v -> outputs.add(new RowOutput.Vector(v)));
      } catch (FailureException e) {
        failure = new Failure(ErrorCode.UPSTREAM_UNAVAILABLE, "upstream: " + e.getMessage());
      }
      if (failure == null && outputs.size() != rows.size()) {
        failure =
            new Failure(
                ErrorCode.UPSTREAM_UNAVAILABLE,
                "upstream: " + outputs.size() + " vectors (expected: " + rows.size() + ")");
      }
    }
    double seconds = (nanos.getAsLong() - started) / 1e9 / rows.size();
    for (int i = 0; i < rows.size(); i++) {
      RowOutput output = failure == null ? outputs.get(i) : new RowOutput.Failed(failure);
      outcomes.add(
          new Outcome(batch.id(), new FinishedRow(rows.get(i), output, started, seconds), null));
    }
  }

  @Override
  public void drop(RowDrop drop) {
    for (Generation g : List.copyOf(running)) {
      if (g.batch == drop.batch() && g.row == drop.row()) {
        drop(g, drop.reason());
      }
    }
  }

  private void drop(Generation g, FinishReason reason) {
    g.stop();
    finish(g, g.output(reason));
  }

  @Override
  public boolean busy() {
    return !running.isEmpty() || embedding > 0 || !outcomes.isEmpty();
  }

  @Override
  public void step(Listener listener) {
    shareTime();
    takeEvents();
    shareTime();
    silence();
    report(listener);
  }

  /** Time goes in equal parts to the texts that are under way. */
  private void shareTime() {
    long now = nanos.getAsLong();
    double each = (now - sharedAt) / 1e9 / Math.max(1, running.size());
    sharedAt = now;
    running.forEach(g -> g.seconds += each);
  }

  private void takeEvents() {
    try {
      Runnable event =
          outcomes.isEmpty() ? events.poll(WAIT_NANOS, TimeUnit.NANOSECONDS) : events.poll();
      for (int left = events.size(); event != null; left--) {
        event.run();
        event = left > 0 ? events.poll() : null;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void silence() {
    long now = nanos.getAsLong();
    for (Generation g : List.copyOf(running)) {
      if (now - g.heardNanos > config.silence().toNanos()) {
        g.stop();
        watch.soon();
        fail(
            g,
            new Failure(
                ErrorCode.UPSTREAM_UNAVAILABLE,
                "upstream "
                    + client.url()
                    + ": nothing for "
                    + config.silence()
                    + " (expected: a piece of the text)"));
      }
    }
  }

  private void report(Listener listener) {
    Map<Long, List<RowProgress>> progress = new HashMap<>();
    for (Generation g : running) {
      RowProgress row = g.progress();
      if (row != null) {
        progress.computeIfAbsent(g.batch, b -> new ArrayList<>()).add(row);
      }
    }
    progress.forEach(listener::progressed);
    for (Outcome outcome : outcomes) {
      if (outcome.sample() != null) {
        listener.measured(outcome.sample());
      }
      listener.finished(outcome.batch(), List.of(outcome.row()));
    }
    outcomes.clear();
  }

  @Override
  public long memoryFreeBytes() {
    return 0;
  }

  @Override
  public void close() {
    running.forEach(Generation::stop);
    running.clear();
  }
}
