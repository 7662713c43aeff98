package dev.headrace.worker.engine;

import ai.djl.pytorch.engine.PtSymbolBlock;
import dev.headrace.worker.engine.Grouping.Group;
import dev.headrace.worker.model.ModelDescription;
import dev.headrace.worker.text.TokenizedText;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** An encoder in libtorch. What it hands to libtorch is described at {@code EncoderEmitter}. */
final class TorchSession implements EncoderSession {
  /** The first runs of a TorchScript model profile and optimise it: with and without padding. */
  private static final int WARM_UP_RUNS = 3;

  private static final int WARM_UP_TOKENS = 8;

  private final ModelDescription model;
  private final List<PtSymbolBlock> blocks;
  private final CpuThreads threads;
  private final Thread owner;
  private final Grouping grouping;
  private final List<RowRunner> runners = new ArrayList<>();
  private boolean open = true;

  /**
   * Makes a session.
   *
   * @param blocks what is freed with it
   * @param makeRunner called once for each thread that runs groups
   */
  TorchSession(
      ModelDescription model,
      List<PtSymbolBlock> blocks,
      Supplier<RowRunner> makeRunner,
      CpuThreads threads,
      Thread owner,
      Grouping grouping) {
    this.grouping = grouping;
    this.model = model;
    this.blocks = List.copyOf(blocks);
    this.threads = threads;
    this.owner = owner;
    for (int i = 0; i < threads.members(); i++) {
      runners.add(makeRunner.get());
    }
  }

  @Override
  public int dimension() {
    return model.dimension();
  }

  @Override
  public int maxTokens() {
    return model.maxTokens();
  }

  /** By the thread that loads it, before its owner has it. */
  void warmUp() {
    TokenizedText whole = new TokenizedText(new int[Math.min(WARM_UP_TOKENS, maxTokens())], false);
    TokenizedText padded = new TokenizedText(new int[1], false);
    for (int i = 0; i < WARM_UP_RUNS; i++) {
      warmUp(List.of(whole));
      warmUp(List.of(whole, padded));
    }
  }

  private void warmUp(List<TokenizedText> texts) {
    List<Integer> rows = texts.size() == 1 ? List.of(0) : List.of(0, 1);
    run(
        runners.get(0),
        texts,
        new Group(rows, texts.get(0).tokens()),
        new BatchValues(model, texts));
  }

  @Override
  public EncodedBatch run(List<TokenizedText> texts) {
    TorchEngine.checkOwner(owner);
    if (!open) {
      throw new IllegalStateException("session of " + model.name() + " is closed");
    }
    int[] lengths = new BatchCheck(model).lengths(texts);
    BatchValues values = new BatchValues(model, texts);
    List<Group> groups = grouping.split(lengths, model.config().positions(), threads.members());
    threads.run(
        groups.size(),
        (member, part) -> {
          // The longest first, so that the threads end at about the same time.
          Group group = groups.get(groups.size() - 1 - part);
          run(runners.get(member), texts, group, values);
        });
    return values.batch();
  }

  private void run(RowRunner runner, List<TokenizedText> texts, Group group, BatchValues values) {
    try {
      runner.run(texts, group, values);
    } catch (RuntimeException | Error e) {
      throw TorchErrors.translate(
          "running " + model.name() + " on " + group.rows().size() + " x " + group.tokens(), e);
    }
  }

  @Override
  public void close() {
    if (open) {
      open = false;
      runners.forEach(RowRunner::close);
      blocks.forEach(PtSymbolBlock::close);
    }
  }
}
