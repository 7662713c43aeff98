package dev.headrace.worker.loop;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.Failure;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.body.ChatMessage;
import dev.headrace.protocol.body.ChatRequest;
import dev.headrace.protocol.body.CompletionRequest;
import dev.headrace.protocol.body.CompletionRequest.Text;
import dev.headrace.protocol.body.GenerationOptions;
import dev.headrace.protocol.body.Sampling;
import dev.headrace.worker.batch.Waiting;
import dev.headrace.worker.device.Row;
import dev.headrace.worker.device.ServedModel;
import dev.headrace.worker.device.ServiceSample;
import dev.headrace.worker.failure.Action;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Runs batches of a few shapes before the worker takes work, so that its first heartbeat carries a
 * measured curve. The first round is not counted, for engines optimise in their first runs; unless
 * the time is over before there is a second.
 */
final class WarmUp {
  /** Rows by tokens; three unknowns of the curve, so at least three shapes. */
  private static final int[][] SHAPES = {{1, 8}, {8, 16}, {1, 128}, {4, 64}, {32, 16}, {8, 128}};

  private static final int ROUNDS = 3;

  /** Of a model that generates: prompts by tokens, and how long the texts become. */
  private static final int[][] PROMPTS = {{1, 16}, {4, 64}};

  private static final int NEW_TOKENS = 8;

  /** A run that takes longer than this after the end is a device that hangs. */
  private static final long PATIENCE_NANOS = TimeUnit.HOURS.toNanos(1);

  /** Long enough for the longest shape in any tokenizer: a common word and a space. */
  private static final String WORD = "water ";

  private final Dispatcher dispatcher;
  private final LongSupplier numbers;
  private final Consumer<ServiceSample> measured;
  private final ArrayDeque<Shape> todo = new ArrayDeque<>();
  private final List<ServiceSample> firstRound = new ArrayList<>();
  private final long endNanos;
  private boolean running;
  private boolean counted;
  private int round;

  private record Shape(ServedModel model, int rows, int tokens, int round) {}

  /**
   * Plans the runs.
   *
   * @param endNanos no run begins after this
   * @param measured takes what counts
   */
  WarmUp(
      Collection<ServedModel> models,
      Dispatcher dispatcher,
      LongSupplier numbers,
      Consumer<ServiceSample> measured,
      long endNanos) {
    this.dispatcher = dispatcher;
    this.numbers = numbers;
    this.measured = measured;
    this.endNanos = endNanos;
    for (int i = 0; i < ROUNDS; i++) {
      for (int[] shape : SHAPES) {
        for (ServedModel model : models) {
          if (model.concurrency().isEmpty()) {
            todo.add(new Shape(model, shape[0], shape[1], i));
          }
        }
      }
      for (int[] shape : PROMPTS) {
        for (ServedModel model : models) {
          if (model.concurrency().isPresent() && i < ROUNDS - 1) {
            todo.add(new Shape(model, shape[0], shape[1], i));
          }
        }
      }
    }
  }

  /** Begins the next run if none is under way; true when all is done. */
  boolean done(long nowNanos) {
    if (running) {
      return false;
    }
    if (todo.isEmpty() || nowNanos - endNanos >= 0) {
      if (!counted) {
        firstRound.forEach(measured);
      }
      return true;
    }
    begin(todo.removeFirst());
    return false;
  }

  private void begin(Shape shape) {
    running = true;
    round = shape.round();
    List<Row> rows = rows(shape);
    int[] lengths = rows.stream().mapToInt(r -> r.length() + r.newTokens()).toArray();
    long owner = numbers.getAsLong();
    Waiting waiting =
        new Waiting(owner, shape.model().name(), lengths, owner, endNanos + PATIENCE_NANOS, false);
    dispatcher.submit(new RowSet(waiting, shape.model(), rows, "", new End()));
  }

  private static List<Row> rows(Shape shape) {
    String text = WORD.repeat(shape.tokens());
    ServedModel model = shape.model();
    if (model.concurrency().isEmpty()) {
      return Collections.nCopies(shape.rows(), model.rows(List.of(text)).get(0));
    }
    GenerationOptions options =
        new GenerationOptions(NEW_TOKENS, shape.rows(), Sampling.GREEDY, false, null);
    return model.generate(
        model.tasks().contains(Task.COMPLETIONS)
            ? new CompletionRequest(model.name(), List.of(new Text(text)), options)
            : new ChatRequest(model.name(), List.of(ChatMessage.user(text)), options));
  }

  /** Takes a measurement made meanwhile. */
  void sample(ServiceSample sample) {
    if (round == 0) {
      firstRound.add(sample);
    } else {
      counted = true;
      measured.accept(sample);
    }
  }

  private final class End implements RowSet.Ending {
    @Override
    public void finished(RowSet rows) {
      running = false;
    }

    @Override
    public void failed(Failure failure, Action action) {
      throw new FailureException(
          ErrorCode.DEVICE_LOST, "warm-up: " + failure + " (expected: a run without error)");
    }
  }
}
