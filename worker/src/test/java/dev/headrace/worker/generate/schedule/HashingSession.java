package dev.headrace.worker.generate.schedule;

import dev.headrace.worker.engine.EngineException;
import dev.headrace.worker.generate.session.DecoderSession;
import dev.headrace.worker.generate.session.DecoderShape;
import dev.headrace.worker.generate.session.KvMemory;
import dev.headrace.worker.generate.session.Logits;
import dev.headrace.worker.generate.session.Segment;
import dev.headrace.worker.generate.session.Sequence;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;

/**
 * A decoder whose logits are a hash of all tokens that ran, so that every mistake with keys and
 * values changes the text. Counts blocks as strictly as a device would.
 */
public final class HashingSession implements DecoderSession {
  private final DecoderShape shape;
  private final int blockTokens;
  private final int totalBlocks;
  private final Set<Kept> open = new HashSet<>();
  private final List<Integer> stepTokens = new ArrayList<>();
  private Consumer<List<Segment>> before = segments -> {};
  private int copied;
  private boolean closed;

  public HashingSession(int vocabulary, int maxPositions, int blockTokens, int totalBlocks) {
    this.shape = new DecoderShape(vocabulary, maxPositions, 8);
    this.blockTokens = blockTokens;
    this.totalBlocks = totalBlocks;
  }

  public static final class Kept implements Sequence {
    private int[] ids = {};

    @Override
    public int tokens() {
      return ids.length;
    }

    /** What ran in it. */
    public int[] ids() {
      return ids;
    }
  }

  /** Called with the segments of each step; may throw as a device does. */
  public void beforeStep(Consumer<List<Segment>> hook) {
    before = hook;
  }

  /** Tokens of each step so far. */
  public List<Integer> stepTokens() {
    return stepTokens;
  }

  /** Tokens that were copied instead of run. */
  public int copied() {
    return copied;
  }

  /** Sequences that hold memory. */
  public int openSequences() {
    return open.size();
  }

  @Override
  public DecoderShape shape() {
    return shape;
  }

  @Override
  public KvMemory memory() {
    return new KvMemory(blockTokens, totalBlocks, totalBlocks - used());
  }

  private int used() {
    return open.stream().mapToInt(s -> (s.ids.length + blockTokens - 1) / blockTokens).sum();
  }

  @Override
  public Sequence open() {
    Kept sequence = new Kept();
    open.add(sequence);
    return sequence;
  }

  private Kept own(Sequence sequence) {
    if (closed || !open.contains(sequence)) {
      throw new IllegalArgumentException("sequence is not open");
    }
    return (Kept) sequence;
  }

  @Override
  public Sequence fork(Sequence of, int tokens) {
    Kept from = own(of);
    if (tokens > from.ids.length) {
      throw new IllegalArgumentException("fork of " + tokens + " tokens of " + from.ids.length);
    }
    Kept sequence = new Kept();
    sequence.ids = Arrays.copyOf(from.ids, tokens);
    open.add(sequence);
    copied += tokens;
    if (used() > totalBlocks) {
      open.remove(sequence);
      throw new EngineException(EngineException.Kind.RESOURCE, "fork: no blocks", null);
    }
    return sequence;
  }

  @Override
  public void truncate(Sequence sequence, int tokens) {
    own(sequence).ids = Arrays.copyOf(own(sequence).ids, tokens);
  }

  @Override
  public void release(Sequence sequence) {
    open.remove(sequence);
  }

  @Override
  public Logits step(List<Segment> segments) {
    if (segments.isEmpty()) {
      throw new IllegalArgumentException("no segments");
    }
    before.accept(segments);
    Set<Sequence> seen = new HashSet<>();
    List<int[]> old = new ArrayList<>();
    List<float[]> rows = new ArrayList<>();
    int tokens = 0;
    for (Segment segment : segments) {
      Kept sequence = own(segment.sequence());
      if (!seen.add(sequence) || segment.tokens().length == 0) {
        throw new IllegalArgumentException("segment twice, or empty");
      }
      old.add(sequence.ids);
      int from = sequence.ids.length;
      sequence.ids = Arrays.copyOf(sequence.ids, from + segment.tokens().length);
      System.arraycopy(segment.tokens(), 0, sequence.ids, from, segment.tokens().length);
      if (sequence.ids.length > shape.maxPositions()) {
        throw new IllegalArgumentException("too long: " + sequence.ids.length);
      }
      tokens += segment.tokens().length;
      if (segment.logits()) {
        rows.add(logits(sequence.ids, shape.vocabulary()));
      }
    }
    if (used() > totalBlocks) {
      for (int i = 0; i < segments.size(); i++) {
        own(segments.get(i).sequence()).ids = old.get(i);
      }
      throw new EngineException(EngineException.Kind.RESOURCE, "step: no blocks", null);
    }
    stepTokens.add(tokens);
    return new Rows(rows);
  }

  static float[] logits(int[] ids, int vocabulary) {
    Random random = new Random(Arrays.hashCode(ids));
    float[] row = new float[vocabulary];
    for (int i = 0; i < vocabulary; i++) {
      row[i] = 3 * (float) random.nextGaussian();
    }
    return row;
  }

  private record Rows(List<float[]> values) implements Logits {
    @Override
    public int rows() {
      return values.size();
    }

    @Override
    public FloatBuffer row(int row) {
      return FloatBuffer.wrap(values.get(row)).asReadOnlyBuffer();
    }

    @Override
    public int argmax(int row) {
      float[] logits = values.get(row);
      int best = 0;
      for (int i = 1; i < logits.length; i++) {
        best = logits[i] > logits[best] ? i : best;
      }
      return best;
    }
  }

  @Override
  public void close() {
    closed = true;
    open.clear();
  }
}
