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
    int[] lengths = new BatchCheck(model).lengths(texts);
    int[] starts = starts(lengths);
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
  private int[] starts(int[] lengths) {
    int[] starts = new int[lengths.length + 1];
    for (int row = 0; row < lengths.length; row++) {
      int values = model.head().perToken() ? lengths[row] * dimension() : dimension();
      starts[row + 1] = Math.addExact(starts[row], values);
    }
    return starts;
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
        float[] output = result.toTensor(batch).toFloatArray();
        for (int i = 0; i < rows; i++) {
          int row = group.rows().get(i);
          int to = starts[row];
          System.arraycopy(output, output.length / rows * i, values, to, starts[row + 1] - to);
        }
      }
    } finally {
      inputs.forEach(IValue::close);
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
