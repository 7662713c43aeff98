package dev.headrace.worker.engine;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import dev.headrace.worker.engine.EngineException.Kind;
import dev.headrace.worker.engine.Grouping.Group;
import dev.headrace.worker.model.ReadyScript;
import dev.headrace.worker.model.ReadyScript.Input;
import dev.headrace.worker.text.TokenizedText;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Runs a module whose code is not ours, and behind it what we add: pooling and normalisation. What
 * it gives is checked in every run, for nothing else vouches for it.
 */
final class ReadyRunner implements RowRunner {
  private final ReadyScript script;
  private final PtSymbolBlock block;
  private final @Nullable PtSymbolBlock ending;
  private final PtNDManager manager;

  /**
   * Makes a runner.
   *
   * @param ending what follows, described at {@code EncoderEmitter.ending}; null for nothing
   * @param manager holds what goes in and out; closed with the runner
   */
  ReadyRunner(
      ReadyScript script,
      PtSymbolBlock block,
      @Nullable PtSymbolBlock ending,
      PtNDManager manager) {
    this.script = script;
    this.block = block;
    this.ending = ending;
    this.manager = manager;
  }

  @Override
  public void run(List<TokenizedText> texts, Group group, BatchValues values) {
    List<IValue> inputs = new ArrayList<>();
    try (PtNDManager batch = (PtNDManager) manager.newSubManager()) {
      for (Input input : script.inputs()) {
        inputs.add(IValue.from(longs(batch, group, values(input, texts, group))));
      }
      PtNDArray x;
      try (IValue result = block.forward(inputs.toArray(new IValue[0]))) {
        x = checked(tensor(result, batch), group);
      }
      // libtorch's bindings have no array of nothing.
      boolean nothing = values.of(group) == 0;
      values.take(group, nothing ? new float[0] : ended(batch, x, texts, group).toFloatArray());
    } finally {
      inputs.forEach(IValue::close);
    }
  }

  /** {@code [rows, tokens]}, row by row. */
  private static long[] values(Input input, List<TokenizedText> texts, Group group) {
    long[] all = new long[group.rows().size() * group.tokens()];
    for (int i = 0; i < group.rows().size(); i++) {
      TokenizedText text = texts.get(group.rows().get(i));
      int[] given =
          switch (input) {
            case INPUT_IDS -> text.ids();
            case TOKEN_TYPE_IDS -> text.types();
            case ATTENTION_MASK -> filled(text.tokens());
            case POSITION_IDS -> IntStream.range(0, group.tokens()).toArray();
          };
      for (int j = 0; j < given.length; j++) {
        all[i * group.tokens() + j] = given[j];
      }
    }
    return all;
  }

  private static int[] ids(List<TokenizedText> texts, Group group) {
    int[] all = new int[group.rows().size() * group.tokens()];
    for (int i = 0; i < group.rows().size(); i++) {
      int[] given = texts.get(group.rows().get(i)).ids();
      System.arraycopy(given, 0, all, i * group.tokens(), given.length);
    }
    return all;
  }

  private static int[] filled(int tokens) {
    int[] ones = new int[tokens];
    Arrays.fill(ones, 1);
    return ones;
  }

  private static PtNDArray longs(PtNDManager batch, Group group, long[] values) {
    ByteBuffer data =
        ByteBuffer.allocateDirect(values.length * Long.BYTES).order(ByteOrder.nativeOrder());
    data.asLongBuffer().put(values);
    return batch.create(data, new Shape(group.rows().size(), group.tokens()), DataType.INT64);
  }

  private static PtNDArray ints(PtNDManager batch, Shape shape, int[] values) {
    ByteBuffer data =
        ByteBuffer.allocateDirect(values.length * Integer.BYTES).order(ByteOrder.nativeOrder());
    data.asIntBuffer().put(values);
    return batch.create(data, shape, DataType.INT32);
  }

  /** The output that counts. */
  private PtNDArray tensor(IValue result, PtNDManager batch) {
    int place = script.outputs().indexOf(script.output());
    if (result.isTensor() && script.outputs().size() == 1) {
      return result.toTensor(batch);
    }
    if (result.isTuple()) {
      IValue[] parts = result.toIValueTuple();
      try {
        if (parts.length == script.outputs().size() && parts[place].isTensor()) {
          return parts[place].toTensor(batch);
        }
        throw wrong("a tuple of " + parts.length + " values");
      } finally {
        Arrays.stream(parts).forEach(IValue::close);
      }
    }
    if (result.isMap()) {
      Map<String, IValue> parts = result.toIValueMap();
      try {
        IValue part = parts.get(script.output());
        if (part != null && part.isTensor()) {
          return part.toTensor(batch);
        }
        throw wrong("a dictionary of " + parts.keySet());
      } finally {
        parts.values().forEach(IValue::close);
      }
    }
    throw wrong(result.getType());
  }

  private EngineException wrong(String found) {
    return new EngineException(
        Kind.INTERNAL,
        "outputs: "
            + found
            + " (expected: "
            + (script.outputs().size() == 1 ? "one tensor, or " : "")
            + "a tuple of tensors "
            + script.outputs()
            + " or a dictionary with "
            + script.output()
            + ")",
        null);
  }

  private PtNDArray checked(PtNDArray x, Group group) {
    long rows = group.rows().size();
    Shape expected =
        script.perToken()
            ? new Shape(rows, group.tokens(), script.width())
            : new Shape(rows, script.width());
    if (!x.getShape().equals(expected) || !x.getDataType().isFloating()) {
      throw new EngineException(
          Kind.INTERNAL,
          "output "
              + script.output()
              + ": "
              + x.getShape()
              + " "
              + x.getDataType()
              + " (expected: "
              + expected
              + ", floating-point)",
          null);
    }
    return x;
  }

  /** Float32, as {@code BatchValues} takes it. */
  private PtNDArray ended(PtNDManager batch, PtNDArray x, List<TokenizedText> texts, Group group) {
    PtSymbolBlock after = ending;
    if (after == null) {
      return x.toType(DataType.FLOAT32, false);
    }
    int rows = group.rows().size();
    int[] lengths = group.rows().stream().mapToInt(row -> texts.get(row).tokens()).toArray();
    boolean padded = Arrays.stream(lengths).anyMatch(length -> length < group.tokens());
    IValue[] inputs = {
      IValue.from(x),
      IValue.from(ints(batch, new Shape(rows, group.tokens()), ids(texts, group))),
      IValue.from(ints(batch, new Shape(padded ? rows : 0), padded ? lengths : new int[0]))
    };
    try (IValue result = after.forward(inputs)) {
      return result.toTensor(batch);
    } finally {
      Arrays.stream(inputs).forEach(IValue::close);
    }
  }

  @Override
  public void close() {
    manager.close();
  }
}
