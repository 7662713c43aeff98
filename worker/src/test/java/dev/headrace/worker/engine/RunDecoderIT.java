package dev.headrace.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.headrace.worker.generate.session.Candidates;
import dev.headrace.worker.generate.session.DecoderSession;
import dev.headrace.worker.generate.session.DecoderSessionContract;
import dev.headrace.worker.generate.session.Logits;
import dev.headrace.worker.generate.session.Segment;
import dev.headrace.worker.generate.session.Sequence;
import dev.headrace.worker.model.Precision;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** A GPU's session on the CPU, in float32: all of it but FlashAttention. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RunDecoderIT extends DecoderSessionContract {
  private TorchEngine engine;
  private DecoderSession session;

  @BeforeAll
  void load() throws IOException {
    engine = TorchEngine.open(DeviceInventory.cpu(), 1);
    ReferenceDecoder llama = ReferenceDecoder.of("llama").get(0);
    session = engine.loadRuns(llama.description(160), Precision.FLOAT32, new KvPlan(1_000_000));
  }

  @AfterAll
  void close() {
    session.close();
    engine.close();
  }

  @Override
  protected DecoderSession session() {
    return session;
  }

  @Override
  protected float tolerance() {
    return 1e-4f;
  }

  @Test
  void the_most_likely_tokens_come_with_the_weight_of_all() {
    Sequence sequence = session.open();
    Logits logits = session.step(List.of(new Segment(sequence, new int[] {3, 1, 4, 1, 5}, true)));
    float[] row = row(logits);
    Candidates few = logits.candidates(0, new float[] {0.7f}).orElseThrow();
    session.release(sequence);
    assertThat(few.count()).isEqualTo(Math.min(Candidates.COUNT, row.length));
    double total = 0;
    for (float value : row) {
      total += Math.exp((value - few.logits()[0]) / 0.7);
    }
    assertThat(few.total()).isCloseTo(total, within(1e-4 * total));
    for (int i = 0; i < few.count(); i++) {
      assertThat(row[few.ids()[i]]).isEqualTo(few.logits()[i]);
      assertThat(few.logits()[i]).isLessThanOrEqualTo(few.logits()[Math.max(0, i - 1)]);
    }
  }

  /** Sequences come, grow and go until the memory is full, so that runs move and are spread. */
  @Test
  void moved_sequences_go_on_as_if_nothing_had_happened() {
    Random random = new Random(11);
    List<Sequence> sequences = new ArrayList<>();
    List<List<Integer>> ids = new ArrayList<>();
    for (int turn = 0; turn < 400; turn++) {
      int blocks = session.memory().freeBlocks();
      if (blocks > 0 && random.nextInt(3) == 0) {
        sequences.add(session.open());
        ids.add(new ArrayList<>());
      }
      List<Segment> segments = new ArrayList<>();
      for (int i = 0; i < sequences.size(); i++) {
        int held = sequences.get(i).tokens();
        int count = Math.min(1 + random.nextInt(40), 150 - held);
        int more = session.memory().blocksToGrow(held, count);
        if (count > 0 && more <= blocks) {
          blocks -= more;
          int[] next = random.ints(count, 0, session.shape().vocabulary()).toArray();
          for (int id : next) {
            ids.get(i).add(id);
          }
          segments.add(new Segment(sequences.get(i), next, true));
        }
      }
      if (!segments.isEmpty()) {
        session.step(segments);
      }
      if (!sequences.isEmpty() && (blocks == 0 || random.nextInt(8) == 0)) {
        int gone = random.nextInt(sequences.size());
        compare(sequences.remove(gone), ids.remove(gone));
      }
    }
    while (!sequences.isEmpty()) {
      compare(sequences.remove(0), ids.remove(0));
    }
    assertThat(session.memory().freeBlocks()).isEqualTo(session.memory().totalBlocks());
  }

  /** One more token gives what it gives behind the same tokens in one piece. */
  private void compare(Sequence sequence, List<Integer> ids) {
    if (sequence.tokens() == 0) {
      session.release(sequence);
      return;
    }
    // In place of its last token, so that no memory is needed.
    session.truncate(sequence, ids.size() - 1);
    int last = ids.get(ids.size() - 1);
    float[] moved = row(session.step(List.of(Segment.decode(sequence, last))));
    session.release(sequence);
    Sequence whole = session.open();
    int[] all = ids.stream().mapToInt(Integer::intValue).toArray();
    float[] expected = row(session.step(List.of(new Segment(whole, all, true))));
    session.release(whole);
    for (int i = 0; i < expected.length; i++) {
      assertThat(moved[i]).isCloseTo(expected[i], within(1e-4f));
    }
  }

  private static float[] row(Logits logits) {
    float[] row = new float[logits.row(0).remaining()];
    logits.row(0).get(row);
    float highest = row[0];
    for (float value : row) {
      highest = Math.max(highest, value);
    }
    assertThat(logits.highest(0)).isEqualTo(highest);
    assertThat(row[logits.argmax(0)]).isEqualTo(highest);
    return row;
  }
}
