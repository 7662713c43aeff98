package dev.headrace.worker.engine;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import dev.headrace.worker.engine.Grouping.Group;
import dev.headrace.worker.text.TokenizedText;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Runs a module of ours, which may be run by several threads at a time. */
final class GroupRunner implements RowRunner {
  private final PtSymbolBlock block;
  private final PtNDManager manager;
  private ByteBuffer ids = ByteBuffer.allocateDirect(0);
  private ByteBuffer types = ByteBuffer.allocateDirect(0);
  private ByteBuffer lengths = ByteBuffer.allocateDirect(0);

  /**
   * Makes a runner.
   *
   * @param manager holds what goes in and out; closed with the runner
   */
  GroupRunner(PtSymbolBlock block, PtNDManager manager) {
    this.block = block;
    this.manager = manager;
  }

  @Override
  public void run(List<TokenizedText> texts, Group group, BatchValues values) {
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
        values.take(group, result.toTensor(batch).toFloatArray());
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
    manager.close();
  }
}
