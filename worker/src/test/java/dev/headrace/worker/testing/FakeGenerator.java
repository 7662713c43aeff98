package dev.headrace.worker.testing;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.body.ChatRequest;
import dev.headrace.protocol.body.CompletionRequest;
import dev.headrace.protocol.body.FinishReason;
import dev.headrace.protocol.body.GenerationRequest;
import dev.headrace.worker.device.Concurrency;
import dev.headrace.worker.device.DeviceBatch;
import dev.headrace.worker.device.Engine;
import dev.headrace.worker.device.FinishedRow;
import dev.headrace.worker.device.Row;
import dev.headrace.worker.device.RowDrop;
import dev.headrace.worker.device.RowOutput;
import dev.headrace.worker.device.RowProgress;
import dev.headrace.worker.device.ServedModel;
import dev.headrace.worker.device.ServiceSample;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * An engine by iterations: a prompt of words is gone on with {@code w1 w2 w3 ...}, a word a step,
 * up to the limit. A prompt that begins with "bad" fails at its first step.
 */
public final class FakeGenerator implements Engine {
  private final Model model;
  private final List<Running> running = new ArrayList<>();
  private final List<RowDrop> dropped = new ArrayList<>();

  /** Runs in each step: time may pass there. */
  public Runnable onStep = () -> {};

  public int most;
  public int steps;
  public boolean closed;

  /** The model. */
  public record Model(String name, Concurrency room) implements ServedModel {
    @Override
    public String revision() {
      return "g1";
    }

    @Override
    public Set<Task> tasks() {
      return Set.of(Task.CHAT_COMPLETIONS, Task.COMPLETIONS);
    }

    @Override
    public Optional<Concurrency> concurrency() {
      return Optional.of(room);
    }

    @Override
    public List<Row> generate(GenerationRequest request) {
      List<String> prompts = new ArrayList<>();
      if (request instanceof ChatRequest chat) {
        prompts.add(chat.messages().get(chat.messages().size() - 1).content());
      } else if (request instanceof CompletionRequest completion) {
        completion.prompts().forEach(p -> prompts.add(((CompletionRequest.Text) p).text()));
      }
      if (request.options().responseFormat() != null) {
        throw new FailureException(ErrorCode.INVALID_BODY, "response_format: not done here");
      }
      List<Row> rows = new ArrayList<>();
      for (String prompt : prompts) {
        for (int i = 0; i < request.options().choices(); i++) {
          rows.add(new Prompt(prompt, Math.max(1, request.options().maxTokens())));
        }
      }
      return rows;
    }
  }

  private record Prompt(String text, int newTokens) implements Row {
    @Override
    public int length() {
      return text.split(" ").length;
    }
  }

  private static final class Running {
    final long batch;
    final int row;
    final Prompt prompt;
    int done;

    Running(long batch, int row, Prompt prompt) {
      this.batch = batch;
      this.row = row;
      this.prompt = prompt;
    }
  }

  public FakeGenerator(String name, Concurrency room) {
    this.model = new Model(name, room);
  }

  /** The text of so many words. */
  public static String text(int words) {
    StringBuilder text = new StringBuilder();
    for (int i = 1; i <= words; i++) {
      text.append(" w").append(i);
    }
    return text.toString();
  }

  @Override
  public List<ServedModel> models() {
    return List.of(model);
  }

  @Override
  public boolean admits() {
    return true;
  }

  @Override
  public void admit(DeviceBatch batch) {
    for (int i = 0; i < batch.rows().size(); i++) {
      running.add(new Running(batch.id(), i, (Prompt) batch.rows().get(i)));
    }
    most = Math.max(most, running.size());
  }

  @Override
  public void drop(RowDrop drop) {
    dropped.add(drop);
  }

  @Override
  public boolean busy() {
    return !running.isEmpty();
  }

  /** Rows that run. */
  public int running() {
    return running.size();
  }

  @Override
  public void step(Listener listener) {
    steps++;
    onStep.run();
    for (Running r : List.copyOf(running)) {
      RowDrop drop =
          dropped.stream()
              .filter(d -> d.batch() == r.batch && d.row() == r.row)
              .findFirst()
              .orElse(null);
      if (drop != null) {
        finish(r, drop.reason(), listener);
      } else if (r.prompt.text().startsWith("bad")) {
        running.remove(r);
        Failure failure = new Failure(ErrorCode.INVALID_BODY, "bad prompt");
        listener.finished(
            r.batch, List.of(new FinishedRow(r.row, new RowOutput.Failed(failure), 0, 0)));
      } else if (++r.done == r.prompt.newTokens()) {
        finish(r, FinishReason.LENGTH, listener);
      } else {
        RowProgress progress = new RowProgress(r.row, " w" + r.done, r.done, List.of());
        listener.progressed(r.batch, List.of(progress));
      }
    }
    dropped.clear();
  }

  private void finish(Running r, FinishReason reason, Listener listener) {
    running.remove(r);
    int tokens = r.prompt.length() + r.done;
    listener.measured(new ServiceSample(model.name(), 1, tokens, tokens, 0.001 * tokens));
    RowOutput output =
        new RowOutput.Generated(text(r.done), reason, r.prompt.length(), 0, r.done, null);
    listener.finished(r.batch, List.of(new FinishedRow(r.row, output, 0, 0.001 * tokens)));
  }

  @Override
  public long memoryFreeBytes() {
    return 0;
  }

  @Override
  public void close() {
    closed = true;
  }
}
