package dev.headrace.bench.generate;

import dev.headrace.protocol.Failure;
import dev.headrace.protocol.body.CompletionRequest;
import dev.headrace.protocol.body.GenerationOptions;
import dev.headrace.protocol.body.Sampling;
import dev.headrace.worker.device.DeviceBatch;
import dev.headrace.worker.device.Engine;
import dev.headrace.worker.device.FinishedRow;
import dev.headrace.worker.device.GenerationRow;
import dev.headrace.worker.device.Row;
import dev.headrace.worker.device.RowOutput;
import dev.headrace.worker.device.ServedModel;
import dev.headrace.worker.device.ServiceSample;
import dev.headrace.worker.device.StepSample;
import dev.headrace.worker.encode.BrokenModels;
import dev.headrace.worker.encode.EngineConfig;
import dev.headrace.worker.generate.GenerationConfig;
import dev.headrace.worker.generate.GenerationLoader;
import java.io.IOException;
import java.util.List;
import java.util.function.UnaryOperator;

/** Headrace's engine for texts without the pipeline; for the thread that opens it. */
public final class Generator implements AutoCloseable {
  /** Greedy, past the end of a text, so that all sides generate the same number of tokens. */
  static final Sampling SAMPLING =
      new Sampling(0, 1, 0, 0, 0, 0, 1, null, List.of(), List.of(), -1, true);

  private final Engine engine;
  private final ServedModel model;
  private long batches;
  private int running;
  private long generated;
  private long steps;
  private long stepTexts;

  private Generator(Engine engine) {
    this.engine = engine;
    this.model = engine.models().get(0);
  }

  public static Generator open(String name, EngineConfig config, GenerationConfig generation)
      throws IOException {
    if (!GenerationLoader.models(config).contains(name)) {
      throw new IllegalArgumentException(
          "model: " + name + " (expected: a model that generates text in " + config.folder() + ")");
    }
    return new Generator(
        BrokenModels.servable(
            GenerationLoader.open(List.of(name), config, generation, System::nanoTime)));
  }

  /** The ids of a text. */
  int[] ids(String text) {
    CompletionRequest request =
        new CompletionRequest(
            model.name(), List.of(new CompletionRequest.Text(text)), GenerationOptions.DEFAULT);
    return ((GenerationRow) model.generate(request).get(0)).prompt();
  }

  /** Runs a load with so many texts at once, the next as soon as one is finished. */
  public double tokensPerSecond(Load load, int parallel) {
    long started = System.nanoTime();
    generated = 0;
    steps = 0;
    stepTexts = 0;
    int next = 0;
    while (next < load.prompts().size() || engine.busy()) {
      while (next < load.prompts().size() && running < parallel) {
        Row row =
            new GenerationRow(
                load.prompts().get(next), SAMPLING, load.tokens().get(next), 0, false);
        next++;
        running++;
        engine.admit(new DeviceBatch(batches++, model, List.of(row)));
      }
      engine.step(new Counting());
    }
    if (generated != load.generated()) {
      throw new IllegalStateException(
          "headrace: " + generated + " tokens (expected: " + load.generated() + ")");
    }
    return generated / ((System.nanoTime() - started) / 1e9);
  }

  /** Texts that got a token in a step of the last load, on average. */
  public double textsPerStep() {
    return (double) stepTexts / steps;
  }

  /**
   * Runs a load in batches, each of which begins when the one before is finished as a whole. Texts
   * that are finished leave their batch.
   */
  double tokensPerSecondInShrinkingBatches(Load load, int size) {
    return inBatches(load, size, part -> part);
  }

  /**
   * The same as request-level batching is without more: prompts are padded to the longest of the
   * batch, and texts that are finished run on until the longest is (Orca, OSDI 2022, section 3;
   * {@code generate} of transformers with a batch of prompts). What is padded does not count as
   * generated.
   */
  double tokensPerSecondInStaticBatches(Load load, int size) {
    return inBatches(load, size, Load::padded);
  }

  private double inBatches(Load load, int size, UnaryOperator<Load> form) {
    long started = System.nanoTime();
    for (int from = 0; from < load.prompts().size(); from += size) {
      int to = Math.min(load.prompts().size(), from + size);
      tokensPerSecond(form.apply(load.part(from, to)), size);
    }
    return load.generated() / ((System.nanoTime() - started) / 1e9);
  }

  private final class Counting implements Engine.Listener {
    @Override
    public void finished(long batch, List<FinishedRow> rows) {
      for (FinishedRow row : rows) {
        running--;
        if (!(row.output() instanceof RowOutput.Generated text)) {
          throw new IllegalStateException("headrace: " + row.output());
        }
        generated += text.tokens();
      }
    }

    @Override
    public void failed(long batch, Failure failure) {
      throw new IllegalStateException("headrace: " + failure);
    }

    @Override
    public void measured(ServiceSample sample) {}

    @Override
    public void stepped(StepSample step) {
      steps++;
      stepTexts += step.sequences();
    }
  }

  @Override
  public void close() {
    engine.close();
  }
}
