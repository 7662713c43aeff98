package dev.headrace.worker.generate.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.body.Sampling;
import java.nio.FloatBuffer;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SamplerTest {
  private static final Sampling GREEDY = Sampling.GREEDY;

  private final Sampler sampler = new Sampler();

  private int next(float[] logits, Sampling p, TokenCounts so, int position) {
    return sampler.next(FloatBuffer.wrap(logits), p, 42, so, position).token();
  }

  @Test
  void greedy_takes_the_first_of_the_highest() {
    assertThat(next(new float[] {1, 3, 3, 2}, GREEDY, new TokenCounts(), 0)).isEqualTo(1);
  }

  @Test
  void a_frequency_penalty_turns_greedy_away_from_what_it_repeats() {
    TokenCounts so = new TokenCounts();
    Samplings sampling = new Samplings();
    sampling.temperature = 0;
    sampling.frequency = 0.6;
    Sampling p = sampling.build();
    float[] logits = {0, 2, 1};
    assertThat(next(logits, p, so, 0)).isEqualTo(1);
    so.generated(1);
    assertThat(next(logits, p, so, 1)).isEqualTo(1);
    so.generated(1);
    assertThat(next(logits, p, so, 2)).isEqualTo(2);
    assertThat(logits).containsExactly(0, 2, 1);
  }

  @Test
  void presence_counts_the_text_only_and_repetition_the_prompt_too() {
    TokenCounts so = new TokenCounts();
    so.prompt(1);
    float[] logits = {0, 2, 1.5f};
    Samplings presence = new Samplings();
    presence.temperature = 0;
    presence.presence = 1;
    Samplings repetition = new Samplings();
    repetition.temperature = 0;
    repetition.repetition = 2;
    assertThat(next(logits, presence.build(), so, 0)).isEqualTo(1);
    assertThat(next(logits, repetition.build(), so, 0)).isEqualTo(2);
  }

  @Test
  void draws_follow_the_distribution() {
    float[] logits = {(float) Math.log(0.5), (float) Math.log(0.3), (float) Math.log(0.2)};
    int[] seen = new int[3];
    Sampling p = Sampling.DEFAULT;
    for (int position = 0; position < 20_000; position++) {
      seen[next(logits, p, new TokenCounts(), position)]++;
    }
    assertThat(seen[0] / 20_000.0).isEqualTo(0.5, within(0.015));
    assertThat(seen[1] / 20_000.0).isEqualTo(0.3, within(0.015));
    assertThat(seen[2] / 20_000.0).isEqualTo(0.2, within(0.015));
  }

  @Test
  void seed_and_position_each_change_the_draw_and_nothing_else_does() {
    FloatBuffer logits = FloatBuffer.allocate(1000);
    Set<Integer> tokens = new HashSet<>();
    for (int seed = 0; seed < 10; seed++) {
      for (int position = 0; position < 10; position++) {
        tokens.add(
            sampler.next(logits, Sampling.DEFAULT, seed, new TokenCounts(), position).token());
      }
    }
    assertThat(tokens).hasSizeGreaterThan(80);
    assertThat(sampler.next(logits, Sampling.DEFAULT, 3, new TokenCounts(), 5))
        .isEqualTo(new Sampler().next(logits, Sampling.DEFAULT, 3, new TokenCounts(), 5));
  }

  @Test
  void neighbouring_seeds_are_not_related() {
    double sum = 0;
    int same = 0;
    for (int seed = 0; seed < 10_000; seed++) {
      double a = CounterRandom.uniform(seed, 0);
      sum += a;
      same += Math.abs(a - CounterRandom.uniform(seed + 1L, 0)) < 0.01 ? 1 : 0;
    }
    assertThat(sum / 10_000).isEqualTo(0.5, within(0.01));
    assertThat(same).isBetween(120, 280);
  }

  @Test
  void logits_that_are_no_numbers_are_refused() {
    Sampling p = Sampling.DEFAULT;
    float[] logits = new float[600];
    logits[300] = Float.NaN;
    assertThatThrownBy(() -> next(logits, p, new TokenCounts(), 0))
        .isInstanceOf(FailureException.class)
        .hasMessageContaining("expected: a finite number");
    assertThatThrownBy(() -> next(new float[] {Float.NaN, Float.NaN}, GREEDY, new TokenCounts(), 0))
        .isInstanceOf(FailureException.class);
  }

  @Test
  void minus_infinity_is_never_drawn() {
    float[] logits = new float[300];
    java.util.Arrays.fill(logits, Float.NEGATIVE_INFINITY);
    logits[299] = 1;
    logits[7] = 1;
    Sampling p = Sampling.DEFAULT;
    Set<Integer> seen = new HashSet<>();
    for (int i = 0; i < 200; i++) {
      seen.add(next(logits, p, new TokenCounts(), i));
    }
    assertThat(seen).containsExactlyInAnyOrder(7, 299);
  }

  @Test
  void fast_exponentials_are_exact_to_a_float() {
    Random random = new Random(1);
    for (int i = 0; i < 100_000; i++) {
      float x = -87 * random.nextFloat();
      assertThat(FastExp.exp(x) / Math.exp(x)).isEqualTo(1, within(4e-6));
    }
    assertThat(FastExp.exp(0)).isEqualTo(1f);
    assertThat(FastExp.exp(-100)).isZero();
    assertThat(FastExp.exp(Float.NEGATIVE_INFINITY)).isZero();
    assertThat(FastExp.exp(Float.NaN)).isNaN();
  }

  @Test
  void ranks_sort_by_logit_and_then_by_the_lower_token() {
    assertThat(Ranked.of(-1.5f, 3)).isGreaterThan(Ranked.of(-2f, 1));
    assertThat(Ranked.of(0.5f, 3)).isGreaterThan(Ranked.of(-2f, 1));
    assertThat(Ranked.of(0.5f, 1)).isGreaterThan(Ranked.of(0.5f, 2));
    assertThat(Ranked.token(Ranked.of(-3f, 150_000))).isEqualTo(150_000);
    assertThat(Ranked.logit(Ranked.of(-3f, 150_000))).isEqualTo(-3f);
  }
}
