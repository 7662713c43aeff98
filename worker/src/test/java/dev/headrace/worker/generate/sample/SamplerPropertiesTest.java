package dev.headrace.worker.generate.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.headrace.protocol.body.Sampling;
import dev.headrace.worker.generate.sample.PlainSampler.Choice;
import dev.headrace.worker.generate.session.Candidates;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class SamplerPropertiesTest {
  private final Sampler sampler = new Sampler();

  @Property(tries = 400)
  void a_draw_is_the_one_of_the_plain_formulas(@ForAll long seed) {
    Random random = new Random(seed);
    int size = 2 + random.nextInt(random.nextBoolean() ? 20 : 2000);
    float[] row = row(random, size);
    Sampling p = sampling(random, size);
    List<Integer> prompt = tokens(random, size);
    List<Integer> text = tokens(random, size);
    TokenCounts counts = new TokenCounts();
    prompt.forEach(counts::prompt);
    text.forEach(counts::generated);

    List<Choice> expected =
        PlainSampler.distribution(PlainSampler.penalised(row, p, prompt, text), p);
    for (int position = 0; position < 20; position++) {
      double share = CounterRandom.uniform(seed, position);
      int token = sampler.next(FloatBuffer.wrap(row), p, seed, counts, position).token();
      // The sums are of floats: at the border between two tokens either is right.
      assertThat(around(expected, share)).as("seed %d, %s", seed, p).contains(token);
    }
  }

  @Property(tries = 400)
  void the_most_likely_tokens_give_the_draw_of_the_whole_row(@ForAll long seed) {
    Random random = new Random(seed);
    int size = 300 + random.nextInt(2000);
    float[] row = row(random, size);
    Sampling p = unpenalised(sampling(random, 200));
    Candidates few = few(row, p.temperature());
    for (int position = 0; Sampler.samplesFew(p) && position < 20; position++) {
      double share = CounterRandom.uniform(seed, position);
      OptionalInt token = sampler.among(few, p, seed, position);
      if (token.isPresent()) {
        List<Choice> expected =
            PlainSampler.distribution(PlainSampler.penalised(row, p, List.of(), List.of()), p);
        assertThat(around(expected, share)).as("seed %d, %s", seed, p).contains(token.getAsInt());
      } else {
        assertThat(p.topK()).as("enough for top-k").isZero();
      }
    }
  }

  private static Sampling unpenalised(Sampling p) {
    return new Sampling(
        p.temperature(),
        p.topP(),
        p.topK(),
        p.minP(),
        0,
        0,
        1,
        null,
        List.of(),
        List.of(),
        -1,
        true);
  }

  private static Candidates few(float[] row, double temperature) {
    Integer[] order = new Integer[row.length];
    Arrays.setAll(order, i -> i);
    Arrays.sort(order, Comparator.comparingDouble(i -> -row[i]));
    int[] ids = new int[Candidates.COUNT];
    float[] logits = new float[ids.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = order[i];
      logits[i] = row[ids[i]];
    }
    double total = 0;
    for (float logit : row) {
      total += Math.exp((logit - logits[0]) / temperature);
    }
    return new Candidates(ids, logits, total);
  }

  private static List<Integer> around(List<Choice> choices, double share) {
    List<Integer> around = new ArrayList<>();
    double sum = 0;
    for (Choice c : choices) {
      if (share >= sum - 1e-4 && share <= sum + c.probability() + 1e-4) {
        around.add(c.token());
      }
      sum += c.probability();
    }
    return around;
  }

  private static float[] row(Random random, int size) {
    float[] row = new float[size];
    float spread = new float[] {0.1f, 1, 5, 30}[random.nextInt(4)];
    for (int i = 0; i < size; i++) {
      // Steps that sums of floats do not blur: no two weights near a limit are nearly equal.
      row[i] =
          random.nextInt(5) == 0 && i > 0 ? row[i - 1] : spread * (float) random.nextGaussian();
    }
    return row;
  }

  private static Sampling sampling(Random random, int size) {
    Samplings p = new Samplings();
    p.temperature = 0.2 + random.nextDouble();
    if (random.nextBoolean()) {
      p.topK = 2 + random.nextInt(size);
    }
    if (random.nextBoolean()) {
      p.topP = random.nextDouble();
    }
    if (random.nextBoolean()) {
      p.minP = random.nextDouble() * 0.3;
    }
    if (random.nextBoolean()) {
      p.repetition = 0.8 + random.nextDouble();
    }
    if (random.nextBoolean()) {
      p.presence = random.nextDouble() * 2;
      p.frequency = random.nextDouble() - 0.5;
    }
    return p.build();
  }

  private static List<Integer> tokens(Random random, int size) {
    List<Integer> tokens = new ArrayList<>();
    for (int n = random.nextInt(100); n > 0; n--) {
      tokens.add(random.nextInt(size));
    }
    return tokens;
  }

  @Property(tries = 100)
  void log_probabilities_are_those_of_the_model_alone(@ForAll long seed) {
    Random random = new Random(seed);
    int size = 30 + random.nextInt(500);
    float[] row = row(random, size);
    Samplings p = new Samplings();
    p.logprobs = 5;
    p.frequency = 1;
    p.temperature = 0.5;
    Sampled sampled = sampler.next(FloatBuffer.wrap(row), p.build(), 1, new TokenCounts(), 0);

    double max = Double.NEGATIVE_INFINITY;
    for (float x : row) {
      max = Math.max(max, x);
    }
    double sum = 0;
    for (float x : row) {
      sum += Math.exp(x - max);
    }
    double base = max + Math.log(sum);
    assertThat(sampled.logprob()).isEqualTo(row[sampled.token()] - base, within(1e-5));
    Samplings five = new Samplings();
    five.topK = 5;
    List<Choice> plain =
        PlainSampler.distribution(
            PlainSampler.penalised(row, Sampling.GREEDY, List.of(), List.of()), five.build());
    assertThat(sampled.top().stream().map(Sampled.Alternative::token))
        .isEqualTo(plain.stream().map(Choice::token).toList());
    sampled
        .top()
        .forEach(a -> assertThat(a.logprob()).isEqualTo(row[a.token()] - base, within(1e-5)));
  }
}
