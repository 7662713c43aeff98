package dev.headrace.worker.engine;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import dev.headrace.worker.engine.Grouping.Group;
import dev.headrace.worker.model.ModelDescription;
import dev.headrace.worker.text.TokenizedText;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** An encoder in libtorch. What it hands to libtorch is described at {@code EncoderEmitter}. */
final class TorchSession implements EncoderSession {
  /** The first runs of a TorchScript model profile and optimise it: with and without padding. */
  private static final int WARM_UP_RUNS = 3;

  private static final int WARM_UP_TOKENS = 8;

  private final ModelDescription model;
  private final PtSymbolBlock block;
  private final PtNDManager manager;
  private final Thread owner;
  private final Grouping grouping;
  private ByteBuffer ids = ByteBuffer.allocateDirect(0);
  private ByteBuffer types = ByteBuffer.allocateDirect(0);
  private ByteBuffer lengths = ByteBuffer.allocateDirect(0);
  private boolean open = true;

  TorchSession(
      ModelDescription model,
      PtSymbolBlock block,
      PtNDManager manager,
      Thread owner,
      Grouping grouping) {
    this.grouping = grouping;
    this.model = model;
    this.block = block;
    this.manager = manager;
    this.owner = owner;
  }

  @Override
  public int dimension() {
    return model.dimension();
  }

  @Override
  public int maxTokens() {
    return model.maxTokens();
  }

  void warmUp() {
    TokenizedText whole = new TokenizedText(new int[Math.min(WARM_UP_TOKENS, maxTokens())], false);
    TokenizedText padded = new TokenizedText(new int[1], false);
    for (int i = 0; i < WARM_UP_RUNS; i++) {
      run(List.of(whole));
      run(List.of(whole, padded));
    }
  }

  @Override
  public EncodedBatch run(List<TokenizedText> texts) {
    TorchEngine.checkOwner(owner);
    if (!open) {
      throw new IllegalStateException("session of " + model.name() + " is closed");
    }
    int[] lengths = new int[texts.size()];
    for (int row = 0; row < lengths.length; row++) {
      lengths[row] = check(row, texts.get(row));
    }
    int[] starts = starts(texts);
    float[] values = new float[starts[lengths.length]];
    for (Group group : grouping.split(lengths, model.config().positions())) {
      try {
        runGroup(texts, group, starts, values);
      } catch (RuntimeException | Error e) {
        throw TorchErrors.translate(
            "running " + model.name() + " on " + group.rows().size() + " x " + group.tokens(), e);
      }
    }
    return new EncodedBatch(values, starts, dimension());
  }

  /** Where each row's values begin; at the end where the last ones end. */
  private int[] starts(List<TokenizedText> texts) {
    int[] starts = new int[texts.size() + 1];
    for (int row = 0; row < texts.size(); row++) {
      int values = model.head().values(model.config(), texts.get(row).ids());
      starts[row + 1] = Math.addExact(starts[row], values);
    }
    return starts;
  }

  /** An id out of range would crash the process on a GPU, so nothing unchecked passes. */
  private int check(int row, TokenizedText text) {
    int[] tokens = text.ids();
    if (tokens.length < 1 || tokens.length > maxTokens()) {
      throw new IllegalArgumentException(
          "row " + row + ": " + tokens.length + " tokens (expected: 1.." + maxTokens() + ")");
    }
    checkRange("row " + row + ": token id ", tokens, model.config().vocabulary());
    checkRange("row " + row + ": token type ", text.types(), model.config().typeVocabulary());
    return tokens.length;
  }

  private static void checkRange(String what, int[] values, int limit) {
    for (int value : values) {
      if (value < 0 || value >= limit) {
        throw new IllegalArgumentException(what + value + " (expected: 0.." + (limit - 1) + ")");
      }
    }
  }

  private void runGroup(List<TokenizedText> texts, Group group, int[] starts, float[] values) {
    int rows = group.rows().size();
    boolean padded = fill(texts, group);
    boolean typed = fillTypes(texts, group);
    Shape shape = new Shape(rows, group.tokens());
    List<IValue> inputs = new ArrayList<>(3);
    try (PtNDManager batch = (PtNDManager) manager.newSubManager()) {
      inputs.add(IValue.from(tensor(batch, ids, shape)));
      inputs.add(IValue.from(tensor(batch, types, typed ? shape : new Shape(0))));
      inputs.add(IValue.from(tensor(batch, lengths, new Shape(padded ? rows : 0))));
      try (IValue result = block.forward(inputs.toArray(new IValue[0]))) {
        copy(result.toTensor(batch).toFloatArray(), texts, group, starts, values);
      }
    } finally {
      inputs.forEach(IValue::close);
    }
  }

  /**
   * What the model gives is the same number of values for each row, padding included, and behind
   * them what single rows have more.
   */
  private void copy(
      float[] output, List<TokenizedText> texts, Group group, int[] starts, float[] values) {
    int each = model.head().perToken() ? group.tokens() * dimension() : dimension();
    int more = group.rows().size() * each;
    for (int i = 0; i < group.rows().size(); i++) {
      int row = group.rows().get(i);
      int all = starts[row + 1] - starts[row];
      int own = model.head().perToken() ? texts.get(row).tokens() * dimension() : dimension();
      System.arraycopy(output, i * each, values, starts[row], own);
      System.arraycopy(output, more, values, starts[row] + own, all - own);
      more += all - own;
    }
    if (more != output.length) {
      throw new IllegalStateException("values: " + output.length + " (expected: " + more + ")");
    }
  }

  /**
   * Writes {@code ids [rows, tokens]} and {@code lengths [rows]}; says whether any row is padded.
   */
  private boolean fill(List<TokenizedText> texts, Group group) {
    ids = roomFor(ids, group.rows().size() * group.tokens());
    lengths = roomFor(lengths, group.rows().size());
    boolean padded = false;
    for (int row : group.rows()) {
      int[] tokens = texts.get(row).ids();
      for (int token : tokens) {
        ids.putInt(token);
      }
      for (int i = tokens.length; i < group.tokens(); i++) {
        ids.putInt(0);
      }
      lengths.putInt(tokens.length);
      padded |= tokens.length < group.tokens();
    }
    return padded;
  }

  /** Writes {@code types [rows, tokens]}, unless all are 0: then nothing, and says so. */
  private boolean fillTypes(List<TokenizedText> texts, Group group) {
    if (group.rows().stream().allMatch(row -> texts.get(row).types().length == 0)) {
      return false;
    }
    types = roomFor(types, group.rows().size() * group.tokens());
    for (int row : group.rows()) {
      int[] ofRow = texts.get(row).types();
      for (int i = 0; i < group.tokens(); i++) {
        types.putInt(i < ofRow.length ? ofRow[i] : 0);
      }
    }
    return true;
  }

  private static ByteBuffer roomFor(ByteBuffer buffer, int ints) {
    int bytes = ints * Integer.BYTES;
    if (buffer.capacity() >= bytes) {
      return buffer.clear();
    }
    return ByteBuffer.allocateDirect(Integer.highestOneBit(bytes) * 2)
        .order(ByteOrder.nativeOrder());
  }

  private static PtNDArray tensor(PtNDManager manager, ByteBuffer data, Shape shape) {
    ByteBuffer exact = data.duplicate().order(ByteOrder.nativeOrder()).clear();
    exact.limit((int) shape.size() * Integer.BYTES);
    return manager.create(exact, shape, DataType.INT32);
  }

  @Override
  public void close() {
    TorchEngine.checkOwner(owner);
    if (open) {
      open = false;
      block.close();
      manager.close();
    }
  }
}
