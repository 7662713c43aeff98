package dev.headrace.worker.engine;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
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

  private final ModelDescription model;
  private final PtSymbolBlock block;
  private final PtNDManager manager;
  private final Thread owner;
  private ByteBuffer ids = ByteBuffer.allocateDirect(0);
  private ByteBuffer lengths = ByteBuffer.allocateDirect(0);
  private boolean open = true;

  TorchSession(ModelDescription model, PtSymbolBlock block, PtNDManager manager, Thread owner) {
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
    TokenizedText one = new TokenizedText(new int[1], false);
    TokenizedText two = new TokenizedText(new int[2], false);
    for (int i = 0; i < WARM_UP_RUNS; i++) {
      run(List.of(two, two));
      run(List.of(one, two));
    }
  }

  @Override
  public EncodedBatch run(List<TokenizedText> texts) {
    TorchEngine.checkOwner(owner);
    if (!open) {
      throw new IllegalStateException("session of " + model.name() + " is closed");
    }
    if (texts.isEmpty()) {
      return new EncodedBatch(new float[0], 0, dimension());
    }
    int longest = check(texts);
    try {
      return forward(texts, longest);
    } catch (RuntimeException | Error e) {
      throw TorchErrors.translate(
          "running " + model.name() + " on " + texts.size() + " x " + longest + " tokens", e);
    }
  }

  /** An id out of range would crash the process on a GPU, so nothing unchecked passes. */
  private int check(List<TokenizedText> texts) {
    int longest = 0;
    int vocabulary = model.config().vocabulary();
    for (int row = 0; row < texts.size(); row++) {
      int[] tokens = texts.get(row).ids();
      if (tokens.length < 1 || tokens.length > maxTokens()) {
        throw new IllegalArgumentException(
            "row " + row + ": " + tokens.length + " tokens (expected: 1.." + maxTokens() + ")");
      }
      for (int id : tokens) {
        if (id < 0 || id >= vocabulary) {
          throw new IllegalArgumentException(
              "row " + row + ": token id " + id + " (expected: 0.." + (vocabulary - 1) + ")");
        }
      }
      longest = Math.max(longest, tokens.length);
    }
    return longest;
  }

  private EncodedBatch forward(List<TokenizedText> texts, int longest) {
    int rows = texts.size();
    boolean padded = fill(texts, longest);
    List<IValue> inputs = new ArrayList<>(3);
    try (PtNDManager batch = (PtNDManager) manager.newSubManager()) {
      inputs.add(IValue.from(tensor(batch, ids, new Shape(rows, longest))));
      inputs.add(IValue.from(tensor(batch, lengths, new Shape(0))));
      inputs.add(IValue.from(tensor(batch, lengths, new Shape(padded ? rows : 0))));
      try (IValue result = block.forward(inputs.toArray(new IValue[0]))) {
        float[] values = result.toTensor(batch).toFloatArray();
        return new EncodedBatch(values, rows, dimension());
      }
    } finally {
      inputs.forEach(IValue::close);
    }
  }

  /**
   * Writes {@code ids [rows, longest]} and {@code lengths [rows]}; says whether any row is padded.
   */
  private boolean fill(List<TokenizedText> texts, int longest) {
    ids = roomFor(ids, texts.size() * longest);
    lengths = roomFor(lengths, texts.size());
    boolean padded = false;
    for (TokenizedText text : texts) {
      int[] tokens = text.ids();
      for (int token : tokens) {
        ids.putInt(token);
      }
      for (int i = tokens.length; i < longest; i++) {
        ids.putInt(0);
      }
      lengths.putInt(tokens.length);
      padded |= tokens.length < longest;
    }
    ids.flip();
    lengths.flip();
    return padded;
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
    return manager.create(data, shape, DataType.INT32);
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
