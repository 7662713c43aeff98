package dev.headrace.worker.generate.session;

import dev.headrace.worker.engine.EngineException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A decoder whose logits are a hash of the tokens so far, with exact accounting of KV memory. What
 * it shares with the real one is held by {@link DecoderSessionContract}.
 */
public final class FakeDecoder implements DecoderSession {
  private final DecoderShape shape;
  private final int blockTokens;
  private final int totalBlocks;
  private final List<FakeSequence> sequences = new ArrayList<>();
  private @Nullable EngineException next;
  private @Nullable FakeLogits last;
  private int steps;
  private boolean open = true;

  public FakeDecoder(int vocabulary, int maxPositions, int blockTokens, int totalBlocks) {
    this.shape = new DecoderShape(vocabulary, maxPositions, 1);
    this.blockTokens = blockTokens;
    this.totalBlocks = totalBlocks;
  }

  /** The next step fails so, before anything has changed. */
  public void failNext(EngineException failure) {
    next = failure;
  }

  /** Steps that have run. */
  public int steps() {
    return steps;
  }

  public int openSequences() {
    return sequences.size();
  }

  public boolean isClosed() {
    return !open;
  }

  @Override
  public DecoderShape shape() {
    return shape;
  }

  @Override
  public KvMemory memory() {
    int held = sequences.stream().mapToInt(s -> blocks(s.ids.size())).sum();
    return new KvMemory(blockTokens, totalBlocks, totalBlocks - held);
  }

  private int blocks(int tokens) {
    return (tokens + blockTokens - 1) / blockTokens;
  }

  @Override
  public Sequence open() {
    checkOpen();
    FakeSequence sequence = new FakeSequence();
    sequences.add(sequence);
    return sequence;
  }

  @Override
  public Sequence fork(Sequence of, int tokens) {
    FakeSequence source = own(of, tokens);
    reserve(blocks(tokens));
    forget();
    FakeSequence copy = (FakeSequence) open();
    copy.ids.addAll(source.ids.subList(0, tokens));
    return copy;
  }

  @Override
  public void truncate(Sequence sequence, int tokens) {
    FakeSequence own = own(sequence, tokens);
    own.ids.subList(tokens, own.ids.size()).clear();
  }

  @Override
  public void release(Sequence sequence) {
    sequences.remove(sequence);
  }

  @Override
  public Logits step(List<Segment> segments) {
    checkOpen();
    check(segments);
    forget();
    int needed = 0;
    for (Segment segment : segments) {
      int before = segment.sequence().tokens();
      needed += blocks(before + segment.tokens().length) - blocks(before);
    }
    reserve(needed);
    if (next != null) {
      EngineException failure = next;
      next = null;
      throw failure;
    }
    List<float[]> rows = new ArrayList<>();
    for (Segment segment : segments) {
      FakeSequence sequence = (FakeSequence) segment.sequence();
      for (int token : segment.tokens()) {
        sequence.ids.add(token);
      }
      if (segment.logits()) {
        rows.add(logits(sequence.ids));
      }
    }
    steps++;
    last = new FakeLogits(rows);
    return last;
  }

  private float[] logits(List<Integer> ids) {
    long hash = 17;
    for (int id : ids) {
      hash = hash * 6364136223846793005L + id + 1442695040888963407L;
    }
    float[] logits = new float[shape.vocabulary()];
    for (int i = 0; i < logits.length; i++) {
      long mixed = (hash ^ i * 0x9E3779B97F4A7C15L) * 0xBF58476D1CE4E5B9L;
      logits[i] = (mixed >>> 40) / (float) (1 << 24) * 8 - 4;
    }
    return logits;
  }

  private void check(List<Segment> segments) {
    if (segments.isEmpty()) {
      throw new IllegalArgumentException("segments: none");
    }
    Set<Sequence> seen = new HashSet<>();
    for (Segment segment : segments) {
      FakeSequence sequence = own(segment.sequence(), 0);
      int count = segment.tokens().length;
      if (!seen.add(sequence) || count < 1 || sequence.tokens() + count > shape.maxPositions()) {
        throw new IllegalArgumentException("segment: " + segment);
      }
      for (int token : segment.tokens()) {
        if (token < 0 || token >= shape.vocabulary()) {
          throw new IllegalArgumentException("token id " + token);
        }
      }
    }
  }

  private FakeSequence own(Sequence sequence, int tokens) {
    checkOpen();
    if (!(sequence instanceof FakeSequence own) || !sequences.contains(own)) {
      throw new IllegalArgumentException("sequence: " + sequence);
    }
    if (tokens < 0 || tokens > own.tokens()) {
      throw new IllegalArgumentException("tokens: " + tokens);
    }
    return own;
  }

  private void reserve(int needed) {
    if (needed > memory().freeBlocks()) {
      throw new EngineException(
          EngineException.Kind.RESOURCE, "KV memory: " + needed + " blocks needed", null);
    }
  }

  private void forget() {
    if (last != null) {
      last.open = false;
    }
  }

  private void checkOpen() {
    if (!open) {
      throw new IllegalStateException("closed");
    }
  }

  @Override
  public void close() {
    forget();
    open = false;
    sequences.clear();
  }

  private static final class FakeSequence implements Sequence {
    private final List<Integer> ids = new ArrayList<>();

    @Override
    public int tokens() {
      return ids.size();
    }
  }

  private static final class FakeLogits implements Logits {
    private final List<float[]> rows;
    private boolean open = true;

    FakeLogits(List<float[]> rows) {
      this.rows = rows;
    }

    @Override
    public int rows() {
      return rows.size();
    }

    @Override
    public FloatBuffer row(int row) {
      if (!open) {
        throw new IllegalStateException("logits of an earlier step");
      }
      return FloatBuffer.wrap(rows.get(row)).asReadOnlyBuffer();
    }

    @Override
    public int argmax(int row) {
      FloatBuffer values = row(row);
      int best = 0;
      for (int i = 1; i < values.limit(); i++) {
        if (values.get(i) > values.get(best)) {
          best = i;
        }
      }
      return best;
    }
  }
}
