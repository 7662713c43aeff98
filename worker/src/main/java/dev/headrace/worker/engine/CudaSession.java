package dev.headrace.worker.engine;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.JniUtils;
import dev.headrace.worker.cuda.Cuda;
import dev.headrace.worker.cuda.CudaException;
import dev.headrace.worker.cuda.Recorder;
import dev.headrace.worker.engine.Grouping.Group;
import dev.headrace.worker.model.ModelDescription;
import dev.headrace.worker.text.TokenizedText;
import java.nio.ByteBuffer;
import java.nio.IntBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An encoder on a GPU. A batch is filled into a slot of pinned memory, its copies and kernels are
 * queued behind each other, and an event behind them says when its values are in the slot; the next
 * batch is filled and queued meanwhile. What the module takes stands at {@code StagedModel}.
 */
final class CudaSession implements EncoderSession {
  /** One runs, one waits on the device, so that it never waits for the host. */
  private static final int DEPTH = 2;

  private static final int WARM_UP_RUNS = 3;
  private static final int WARM_UP_TOKENS = 16;

  /** Above, a batch takes the device longer than its kernels take to be started (measured). */
  private static final int MOST_RECORDED_TOKENS = 2048;

  private static final int MOST_RECORDED = 128;

  private final ModelDescription model;
  private final PtSymbolBlock block;
  private final PtNDManager host;

  /** Whoever makes it, until it is handed over. */
  private volatile Thread owner = Thread.currentThread();

  private final Grouping grouping;
  private final boolean packs;
  private final Deque<CudaSlot> free = new ArrayDeque<>();
  private final List<CudaSlot> slots = new ArrayList<>();
  private final @Nullable Recordings<Recorded, IValue> recordings;
  private final Deque<CudaSlot> running = new ArrayDeque<>();
  private boolean open = true;

  /**
   * What makes one batch differ from another, its texts aside.
   *
   * @param memory the generation of the slot's memory
   */
  private record Recorded(int slot, int memory, CudaLayout layout) {}

  /**
   * Takes over a loaded module; the calling thread may run it until it is handed over.
   *
   * @param host for tensors over the host's memory
   * @param packs whether the module takes the places of the real tokens
   * @param recorder of small batches that come again; null for none
   */
  CudaSession(
      ModelDescription model,
      PtSymbolBlock block,
      PtNDManager host,
      Grouping grouping,
      boolean packs,
      @Nullable Recorder recorder,
      int after) {
    this.recordings =
        recorder == null ? null : new Recordings<>(recorder, IValue::close, after, MOST_RECORDED);
    this.packs = packs;
    this.model = model;
    this.block = block;
    this.host = host;
    this.grouping = grouping;
    for (int i = 0; i < DEPTH; i++) {
      CudaSlot slot = new CudaSlot();
      slots.add(slot);
      free.add(slot);
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

  @Override
  public int depth() {
    return DEPTH;
  }

  @Override
  public boolean packs() {
    return packs;
  }

  void warmUp() {
    int longest = Math.min(WARM_UP_TOKENS, maxTokens());
    TokenizedText whole = new TokenizedText(new int[longest], false);
    TokenizedText padded = new TokenizedText(new int[1], false);
    for (int i = 0; i < WARM_UP_RUNS; i++) {
      run(List.of(whole, whole));
      run(List.of(whole, padded));
    }
  }

  /** From now on only this thread runs it. */
  void handOver(Thread to) {
    owner = to;
  }

  @Override
  public EncodedBatch run(List<TokenizedText> texts) {
    return start(texts).await();
  }

  @Override
  public PendingBatch start(List<TokenizedText> texts) {
    TorchEngine.checkOwner(owner);
    if (!open) {
      throw new IllegalStateException("session of " + model.name() + " is closed");
    }
    int[] lengths = new BatchCheck(model).lengths(texts);
    CudaSlot slot = free.poll();
    if (slot == null) {
      throw new IllegalStateException("batches under way: " + DEPTH + " (expected: fewer)");
    }
    List<Group> groups = grouping.split(lengths, model.config().positions(), 1);
    BatchValues values = new BatchValues(model, texts);
    try {
      queue(slot, texts, groups, values);
    } catch (RuntimeException | Error e) {
      throw afterFailure(slot, TorchErrors.translate(doing(groups), e));
    }
    running.add(slot);
    return new PendingBatch() {
      @Override
      public EncodedBatch await() {
        return finish(slot, values, groups);
      }

      @Override
      public boolean done() {
        return slot.done();
      }
    };
  }

  /**
   * Groups of the batch that were queued before still read and write the slot, so wait for them. If
   * memory ran out, what libtorch keeps for later goes back to the driver: the next batch will be
   * smaller, and its pieces would not fit those of the larger.
   */
  private RuntimeException afterFailure(CudaSlot slot, RuntimeException failure) {
    free.addFirst(slot);
    try {
      Cuda.synchronize();
    } catch (CudaException e) {
      return TorchErrors.translate("waiting for the device", e);
    }
    if (failure instanceof EngineException e && e.kind() == EngineException.Kind.RESOURCE) {
      JniUtils.emptyCudaCache();
    }
    return failure;
  }

  private String doing(List<Group> groups) {
    StringBuilder shapes = new StringBuilder("running " + model.name() + " on");
    groups.forEach(g -> shapes.append(' ').append(g.rows().size()).append('x').append(g.tokens()));
    return shapes.toString();
  }

  private void queue(
      CudaSlot slot, List<TokenizedText> texts, List<Group> groups, BatchValues values) {
    int ints = 0;
    int floats = 0;
    for (Group group : groups) {
      ints += CudaLayout.ints(group);
      floats += values.of(group);
    }
    slot.reserve(ints, floats);
    int at = 0;
    int to = 0;
    for (Group group : groups) {
      IntBuffer data = slot.input(at, CudaLayout.ints(group));
      CudaLayout layout = CudaLayout.fill(data, texts, group);
      if (!replayed(slot, layout, values.of(group), groups.size())) {
        forward(slot, layout, at, to, values.of(group)).close();
      }
      at += CudaLayout.ints(group);
      to += values.of(group);
    }
    slot.mark();
  }

  private boolean replayed(CudaSlot slot, CudaLayout layout, int values, int groups) {
    if (recordings == null
        || groups > 1
        || layout.rows() * layout.tokens() > MOST_RECORDED_TOKENS) {
      return false;
    }
    Recorded key = new Recorded(slots.indexOf(slot), slot.generation(), layout);
    return recordings.replay(key, () -> forward(slot, layout, 0, 0, values)).isPresent();
  }

  /** Queues a group; its values arrive in the slot, the tensor that comes back is a view of it. */
  private IValue forward(CudaSlot slot, CudaLayout layout, int at, int to, int values) {
    try (PtNDManager batch = (PtNDManager) host.newSubManager();
        IValue data = tensor(batch, slot.inputBytes(at, layout.used()), DataType.INT32);
        IValue out = tensor(batch, slot.outputBytes(to, values), DataType.FLOAT32);
        IValue rows = IValue.from((long) layout.rows());
        IValue tokens = IValue.from((long) layout.tokens());
        IValue packed = IValue.from((long) layout.packed());
        IValue typed = IValue.from(layout.typed())) {
      return block.forward(data, out, rows, tokens, packed, typed);
    }
  }

  /** A tensor over memory of the host: DJL copies nothing for a direct buffer on the CPU. */
  private static IValue tensor(PtNDManager manager, ByteBuffer data, DataType type) {
    Shape shape = new Shape(data.remaining() / Integer.BYTES);
    return IValue.from(manager.create(data, shape, type));
  }

  private EncodedBatch finish(CudaSlot slot, BatchValues values, List<Group> groups) {
    TorchEngine.checkOwner(owner);
    if (running.peek() != slot) {
      throw new IllegalStateException("batch awaited out of turn (expected: in order of start)");
    }
    running.remove();
    free.add(slot);
    try {
      slot.await();
    } catch (RuntimeException e) {
      throw TorchErrors.translate(doing(groups), e);
    }
    int from = 0;
    for (Group group : groups) {
      float[] output = new float[values.of(group)];
      slot.output(from, output.length).get(output);
      values.take(group, output);
      from += output.length;
    }
    return values.batch();
  }

  @Override
  public void close() {
    if (open) {
      open = false;
      if (recordings != null) {
        recordings.close();
      }
      slots.forEach(CudaSlot::close);
      block.close();
      host.close();
    }
  }
}
