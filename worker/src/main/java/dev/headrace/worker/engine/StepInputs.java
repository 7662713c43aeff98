package dev.headrace.worker.engine;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import dev.headrace.worker.generate.session.Segment;
import dev.headrace.worker.model.decoder.DecoderConfig;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** Writes what {@code DecoderEmitter} says a step gets, into buffers that are used again. */
final class StepInputs {
  private final int kvHeads;
  private final int blockTokens;
  private final int spare;
  private final int multiple;
  private ByteBuffer ids = buffer(1024);
  private ByteBuffer positions = buffer(1024);
  private ByteBuffer rows = buffer(8192);
  private ByteBuffer plan = buffer(1024);
  private ByteBuffer blocks = buffer(1024);
  private ByteBuffer out = buffer(1024);

  /**
   * Buffers for one session.
   *
   * @param spare a block that no sequence has: keys of padding go there
   * @param multiple tokens of a step are padded to a multiple of this
   */
  StepInputs(DecoderConfig config, int blockTokens, int spare, int multiple) {
    this.kvHeads = config.kvHeads();
    this.blockTokens = blockTokens;
    this.spare = spare;
    this.multiple = multiple;
  }

  /** The inputs behind {@code kv}; the sequences have blocks for the segments' tokens already. */
  IValue[] write(IValue kv, List<Segment> segments, PtNDManager manager) {
    int tokens = segments.stream().mapToInt(s -> s.tokens().length).sum();
    int padding = (multiple - tokens % multiple) % multiple;
    int held = segments.stream().mapToInt(s -> ((KvSequence) s.sequence()).blocks.length).sum();
    ids = roomFor(ids, (tokens + padding) * Integer.BYTES);
    positions = roomFor(positions, (tokens + padding) * Integer.BYTES);
    rows = roomFor(rows, (tokens + padding) * kvHeads * Long.BYTES);
    plan = roomFor(plan, (segments.size() + 1) * 3 * Integer.BYTES);
    blocks = roomFor(blocks, (held + 1) * Integer.BYTES);
    out = roomFor(out, segments.size() * Long.BYTES);
    int token = 0;
    for (Segment segment : segments) {
      KvSequence sequence = (KvSequence) segment.sequence();
      put(segment.tokens(), sequence.tokens, sequence.blocks);
      token += segment.tokens().length;
      if (segment.logits()) {
        out.putLong(token - 1);
      }
    }
    if (padding > 0) {
      put(new int[padding], 0, new int[] {spare});
    }
    return new IValue[] {
      kv,
      tensor(manager, ids, DataType.INT32, tokens + padding),
      tensor(manager, positions, DataType.INT32, tokens + padding),
      tensor(manager, rows, DataType.INT64, (tokens + padding) * (long) kvHeads),
      tensor(manager, plan, DataType.INT32, plan.position() / (3L * Integer.BYTES), 3),
      tensor(manager, blocks, DataType.INT32, blocks.position() / Integer.BYTES),
      tensor(manager, out, DataType.INT64, out.position() / Long.BYTES)
    };
  }

  private void put(int[] tokens, int from, int[] held) {
    plan.putInt(tokens.length).putInt(from + tokens.length).putInt(held.length);
    for (int block : held) {
      blocks.putInt(block);
    }
    for (int i = 0; i < tokens.length; i++) {
      int position = from + i;
      ids.putInt(tokens[i]);
      positions.putInt(position);
      long block = held[position / blockTokens];
      for (int head = 0; head < kvHeads; head++) {
        rows.putLong((block * kvHeads + head) * blockTokens + position % blockTokens);
      }
    }
  }

  private static ByteBuffer roomFor(ByteBuffer buffer, int bytes) {
    return buffer.capacity() >= bytes ? buffer.clear() : buffer(Integer.highestOneBit(bytes) * 2);
  }

  private static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
  }

  private static IValue tensor(PtNDManager manager, ByteBuffer data, DataType type, long... shape) {
    ByteBuffer written = data.duplicate().order(ByteOrder.nativeOrder()).flip();
    return IValue.from(manager.create(written, new Shape(shape), type));
  }
}
