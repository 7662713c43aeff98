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
  private ByteBuffer single = buffer(1024);
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
    int held = segments.stream().mapToInt(s -> held(s).length).sum();
    ids = roomFor(ids, (tokens + padding) * Integer.BYTES);
    positions = roomFor(positions, (tokens + padding) * Integer.BYTES);
    rows = roomFor(rows, (tokens + padding) * kvHeads * Long.BYTES);
    single = roomFor(single, 3 * held * Long.BYTES);
    plan = roomFor(plan, (segments.size() + 1) * 3 * Integer.BYTES);
    blocks = roomFor(blocks, (held + 1) * Integer.BYTES);
    out = roomFor(out, segments.size() * Long.BYTES);
    List<Segment> alone = segments.stream().filter(s -> s.tokens().length == 1).toList();
    int widest = alone.stream().mapToInt(s -> held(s).length).max().orElse(0);
    int blocksOfAlone = alone.stream().mapToInt(s -> held(s).length).sum();
    alone.forEach(s -> put(s.tokens(), s.sequence().tokens(), held(s)));
    describe(alone, widest, blocksOfAlone);
    for (Segment segment : segments) {
      if (segment.tokens().length > 1) {
        plan(segment.tokens(), segment.sequence().tokens(), held(segment));
      }
    }
    if (padding > 0) {
      plan(new int[padding], 0, new int[] {spare});
    }
    wanted(segments, alone.size());
    return new IValue[] {
      kv,
      tensor(manager, ids, DataType.INT32, tokens + padding),
      tensor(manager, positions, DataType.INT32, tokens + padding),
      tensor(manager, rows, DataType.INT64, (tokens + padding) * (long) kvHeads),
      IValue.from((long) alone.size()),
      IValue.from((long) widest),
      tensor(manager, single, DataType.INT64, 3, blocksOfAlone),
      tensor(manager, plan, DataType.INT32, plan.position() / (3L * Integer.BYTES), 3),
      tensor(manager, blocks, DataType.INT32, blocks.position() / Integer.BYTES),
      tensor(manager, out, DataType.INT64, out.position() / Long.BYTES)
    };
  }

  private static int[] held(Segment segment) {
    return ((KvSequence) segment.sequence()).blocks;
  }

  /** Which tokens' logits are wanted, in the order of the segments. */
  private void wanted(List<Segment> segments, int alone) {
    long one = 0;
    long token = alone;
    for (Segment segment : segments) {
      int count = segment.tokens().length;
      token += count == 1 ? 0 : count;
      if (segment.logits()) {
        out.putLong(count == 1 ? one : token - 1);
      }
      one += count == 1 ? 1 : 0;
    }
  }

  /** The blocks of the segments of one token. */
  private void describe(List<Segment> alone, int widest, int all) {
    int at = 0;
    for (int i = 0; i < alone.size(); i++) {
      int length = alone.get(i).sequence().tokens() + 1;
      int count = held(alone.get(i)).length;
      for (int block = 0; block < count; block++, at++) {
        single.putLong(at * Long.BYTES, i);
        single.putLong((all + at) * Long.BYTES, (long) i * widest + block);
        single.putLong((2 * all + at) * Long.BYTES, length - (long) block * blockTokens);
      }
    }
    single.position(3 * all * Long.BYTES);
  }

  private void plan(int[] tokens, int from, int[] held) {
    plan.putInt(tokens.length).putInt(from + tokens.length).putInt(held.length);
    put(tokens, from, held);
  }

  private void put(int[] tokens, int from, int[] held) {
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
