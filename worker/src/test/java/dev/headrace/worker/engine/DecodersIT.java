package dev.headrace.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.worker.engine.ReferenceDecoder.Text;
import dev.headrace.worker.generate.session.DecoderSession;
import dev.headrace.worker.generate.session.Logits;
import dev.headrace.worker.generate.session.Segment;
import dev.headrace.worker.generate.session.Sequence;
import dev.headrace.worker.model.Precision;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every architecture gives the logits of transformers, whatever way the tokens take. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DecodersIT {
  private static final float TOLERANCE = 1e-4f;
  private TorchEngine engine;

  @BeforeAll
  void openEngine() {
    engine = TorchEngine.open(DeviceInventory.cpu(), 1);
  }

  @AfterAll
  void closeEngine() {
    engine.close();
  }

  DecoderSession load(TorchEngine engine, ReferenceDecoder reference, KvPlan plan)
      throws IOException {
    return engine.load(reference.description(), Precision.FLOAT32, plan);
  }

  static List<ReferenceDecoder> cases() {
    return ReferenceDecoder.all();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void prompts_then_cached_steps_side_by_side(ReferenceDecoder reference) throws IOException {
    run(reference, 1000, 0);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void prompts_in_pieces_beside_others_that_decode(ReferenceDecoder reference) throws IOException {
    run(reference, 7, 0);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void prompts_that_begin_with_a_fork(ReferenceDecoder reference) throws IOException {
    run(reference, 1000, 3);
  }

  /**
   * Every text advances in each step: by a piece of its prompt, then by a token.
   *
   * @param forked so many tokens come from a sequence that ran them, and others after them
   */
  private void run(ReferenceDecoder reference, int piece, int forked) throws IOException {
    List<Text> texts = reference.texts();
    KvPlan plan = new KvPlan(1 << 20);
    try (DecoderSession session = load(engine, reference, plan)) {
      Map<Text, Sequence> sequences = new HashMap<>();
      for (Text text : texts) {
        sequences.put(text, forked > 0 ? fork(session, text, forked) : session.open());
      }
      Map<Text, Integer> compared = new HashMap<>();
      float worst = 0;
      while (true) {
        List<Text> ran = new ArrayList<>();
        List<Segment> segments = new ArrayList<>();
        for (Text text : texts) {
          int from = sequences.get(text).tokens();
          int to = from < text.prompt() ? Math.min(text.prompt(), from + piece) : from + 1;
          if (to <= text.prompt() + 64 && to <= text.ids().length) {
            int[] ids = Arrays.copyOfRange(text.ids(), from, to);
            segments.add(new Segment(sequences.get(text), ids, to >= text.prompt()));
            ran.add(text);
          }
        }
        if (segments.isEmpty()) {
          break;
        }
        Logits logits = session.step(segments);
        int row = 0;
        for (int i = 0; i < ran.size(); i++) {
          if (segments.get(i).logits()) {
            Text text = ran.get(i);
            int at = Arrays.binarySearch(text.positions(), sequences.get(text).tokens() - 1);
            if (at >= 0) {
              worst = Math.max(worst, difference(logits, row, text.logits()[at]));
              compared.merge(text, 1, Integer::sum);
            }
            row++;
          }
        }
      }
      assertThat(worst).isLessThanOrEqualTo(TOLERANCE);
      texts.forEach(t -> assertThat(compared).containsEntry(t, t.positions().length));
    }
  }

  private static Sequence fork(DecoderSession session, Text text, int tokens) {
    Sequence first = session.open();
    session.step(List.of(new Segment(first, Arrays.copyOf(text.ids(), tokens), false)));
    session.step(List.of(Segment.decode(first, 1)));
    Sequence fork = session.fork(first, tokens);
    session.release(first);
    return fork;
  }

  private static float difference(Logits logits, int row, float[] expected) {
    float worst = 0;
    for (int i = 0; i < expected.length; i++) {
      float difference = Math.abs(logits.row(row).get(i) - expected[i]);
      worst = Float.isNaN(difference) ? Float.POSITIVE_INFINITY : Math.max(worst, difference);
    }
    return worst;
  }
}
