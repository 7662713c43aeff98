package dev.headrace.worker.generate.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.headrace.worker.engine.EngineException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What every session does, the fake of the scheduler's tests and the real one. */
public abstract class DecoderSessionContract {
  /**
   * A session that is new or has no open sequences: at least 160 positions, and KV memory for at
   * least 600 and at most 5,000 tokens.
   */
  protected abstract DecoderSession session();

  /** How much a logit may differ between two ways to the same tokens. */
  protected abstract float tolerance();

  @Test
  void a_prompt_in_pieces_gives_the_logits_of_the_whole() {
    int[] ids = ids(1, 150);
    float[] whole = after(ids);
    Sequence sequence = session().open();
    for (int from = 0; from < ids.length; ) {
      int to = Math.min(ids.length, from + 1 + from % 37);
      run(sequence, Arrays.copyOfRange(ids, from, to));
      from = to;
    }
    session().truncate(sequence, ids.length - 1);
    assertClose(run(sequence, ids[ids.length - 1]), whole);
    session().release(sequence);
  }

  @Test
  void logits_do_not_depend_on_what_runs_beside() {
    int[] ids = ids(2, 90);
    float[] alone = after(ids);
    Sequence sequence = session().open();
    run(sequence, Arrays.copyOf(ids, 89));
    List<Sequence> others = new ArrayList<>();
    List<Segment> segments = new ArrayList<>();
    for (int length : new int[] {1, 64, 75, 7}) {
      others.add(session().open());
      run(others.get(others.size() - 1), ids(length, length));
      segments.add(new Segment(others.get(others.size() - 1), ids(9, length), length > 50));
    }
    segments.add(2, Segment.decode(sequence, ids[89]));
    Logits logits = session().step(segments);
    assertThat(logits.rows()).isEqualTo(3);
    assertClose(copy(logits, 1), alone);
    others.forEach(session()::release);
    session().release(sequence);
  }

  @Test
  void a_fork_goes_on_as_if_its_tokens_had_run_in_it() {
    for (int kept : new int[] {1, 63, 64, 65, 128, 130}) {
      Sequence first = session().open();
      run(first, ids(3, 130));
      Sequence fork = session().fork(first, kept);
      assertThat(fork.tokens()).isEqualTo(kept);
      int[] more = ids(4, 20);
      run(first, ids(5, 9));
      session().release(first);
      float[] forked = run(fork, more);
      session().release(fork);
      int[] all = Arrays.copyOf(ids(3, 130), kept + 20);
      System.arraycopy(more, 0, all, kept, 20);
      assertClose(forked, after(all));
    }
  }

  @Test
  void a_truncated_sequence_has_forgotten_the_rest() {
    Sequence sequence = session().open();
    run(sequence, ids(6, 140));
    session().truncate(sequence, 70);
    assertThat(sequence.tokens()).isEqualTo(70);
    float[] again = run(sequence, ids(7, 5));
    session().release(sequence);
    int[] all = Arrays.copyOf(ids(6, 140), 75);
    System.arraycopy(ids(7, 5), 0, all, 70, 5);
    assertClose(again, after(all));
  }

  @Test
  void memory_is_what_the_lengths_say_at_all_times() {
    Random random = new Random(8);
    int free = session().memory().freeBlocks();
    List<Sequence> live = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      int choice = random.nextInt(5);
      if (live.isEmpty() || (choice == 0 && live.size() < 4)) {
        live.add(session().open());
      }
      Sequence one = live.get(random.nextInt(live.size()));
      if (choice == 1) {
        session().truncate(one, random.nextInt(one.tokens() + 1));
      } else if (choice == 2 && live.size() < 4) {
        live.add(session().fork(one, random.nextInt(one.tokens() + 1)));
      } else if (choice == 3 && live.size() > 1) {
        live.remove(one);
        session().release(one);
      } else if (one.tokens() < 120) {
        run(one, ids(i, 1 + random.nextInt(30)));
      }
      KvMemory memory = session().memory();
      int held = live.stream().mapToInt(s -> memory.blocks(s.tokens())).sum();
      assertThat(memory.freeBlocks()).as("after %d", i).isEqualTo(free - held);
    }
    live.forEach(session()::release);
    assertThat(session().memory().freeBlocks()).isEqualTo(free);
  }

  @Test
  void a_step_that_does_not_fit_changes_nothing() {
    KvMemory before = session().memory();
    List<Sequence> full = new ArrayList<>();
    int most = session().shape().maxPositions() / before.blockTokens() * before.blockTokens();
    while (session().memory().freeBlocks() > 0) {
      Sequence sequence = session().open();
      full.add(sequence);
      int free = session().memory().freeBlocks() * before.blockTokens();
      run(sequence, ids(1, Math.min(free, most)));
    }
    Sequence one = session().open();
    assertThatThrownBy(() -> run(one, 1))
        .isInstanceOf(EngineException.class)
        .extracting(e -> ((EngineException) e).kind())
        .isEqualTo(EngineException.Kind.RESOURCE);
    assertThatThrownBy(() -> session().fork(full.get(0), 1)).isInstanceOf(EngineException.class);
    assertThat(one.tokens()).isZero();
    assertThat(session().memory().freeBlocks()).isZero();
    session().release(full.get(0));
    assertClose(run(one, ids(2, 3)), after(ids(2, 3)));
    session().release(one);
    full.forEach(session()::release);
    assertThat(session().memory()).isEqualTo(before);
  }

  @Test
  void what_cannot_run_is_refused() {
    Sequence one = session().open();
    Sequence gone = session().open();
    session().release(gone);
    int vocabulary = session().shape().vocabulary();
    int tooMany = session().shape().maxPositions() + 1;
    List<List<Segment>> wrong =
        List.of(
            List.of(),
            List.of(new Segment(one, new int[0], true)),
            List.of(Segment.decode(one, -1)),
            List.of(Segment.decode(one, vocabulary)),
            List.of(Segment.decode(one, 1), Segment.decode(one, 1)),
            List.of(Segment.decode(gone, 1)),
            List.of(new Segment(one, new int[tooMany], true)));
    for (List<Segment> segments : wrong) {
      assertThatIllegalArgumentException().isThrownBy(() -> session().step(segments));
    }
    assertThatIllegalArgumentException().isThrownBy(() -> session().truncate(one, 1));
    assertThatIllegalArgumentException().isThrownBy(() -> session().fork(one, 1));
    session().release(one);
    session().release(one);
  }

  @Test
  void logits_are_those_of_the_last_step_only() {
    Sequence one = session().open();
    Logits first = session().step(List.of(Segment.decode(one, 1)));
    float[] row = copy(first, 0);
    int best = 0;
    for (int i = 0; i < row.length; i++) {
      best = row[i] > row[best] ? i : best;
    }
    assertThat(first.argmax(0)).isEqualTo(best);
    assertThat(first.isFinite(0)).isTrue();
    Logits none = session().step(List.of(new Segment(one, new int[] {1, 2}, false)));
    assertThat(none.rows()).isZero();
    assertThatThrownBy(() -> first.row(0)).isInstanceOf(IllegalStateException.class);
    session().release(one);
  }

  /** The logits after these tokens, run whole in a new sequence. */
  private float[] after(int... ids) {
    Sequence sequence = session().open();
    float[] logits = run(sequence, ids);
    session().release(sequence);
    return logits;
  }

  private float[] run(Sequence sequence, int... ids) {
    return copy(session().step(List.of(new Segment(sequence, ids, true))), 0);
  }

  private static float[] copy(Logits logits, int row) {
    float[] values = new float[logits.row(row).limit()];
    logits.row(row).get(values);
    return values;
  }

  private void assertClose(float[] found, float[] expected) {
    assertThat(found).hasSameSizeAs(expected);
    for (int i = 0; i < found.length; i++) {
      assertThat(found[i]).as("logit %d", i).isCloseTo(expected[i], within(tolerance()));
    }
  }

  private int[] ids(int seed, int length) {
    return new Random(seed).ints(length, 0, session().shape().vocabulary()).toArray();
  }
}
