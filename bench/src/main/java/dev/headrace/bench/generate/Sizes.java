package dev.headrace.bench.generate;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * How much a benchmark of generation runs.
 *
 * @param rounds that count; one of a few tokens goes before them
 * @param parallel texts at once, one figure for each
 * @param tokens that each text gets in the rounds against llama.cpp
 * @param prompt tokens of a prompt, at most; a quarter of it at least
 * @param texts in the loads of mixed lengths
 * @param parts what is measured
 * @param minutes of the part about memory
 */
public record Sizes(
    int rounds,
    List<Integer> parallel,
    int tokens,
    int prompt,
    int texts,
    Set<Part> parts,
    int minutes) {

  /** What is measured beside what. */
  public enum Part {
    /** The engine beside llama.cpp. */
    SPEED,
    /** Continuous beside static batches. */
    CONTINUOUS,
    /** With the prefix cache beside without. */
    PREFIX,
    /** The whole pipeline beside the bare engine. */
    PIPELINE,
    /** Resident memory while texts of mixed lengths come and go; only when it is asked for. */
    MEMORY
  }

  public Sizes {
    parallel = List.copyOf(parallel);
    parts = Set.copyOf(parts);
    expect("rounds", rounds, 1, 100);
    parallel.forEach(p -> expect("parallel", p, 1, 256));
    expect("tokens", tokens, 1, 4096);
    expect("prompt", prompt, 4, 4096);
    expect("texts", texts, 1, 10_000);
    expect("minutes", minutes, 1, 10_000);
    if (parts.isEmpty() || parallel.isEmpty()) {
      throw new IllegalArgumentException(
          "parts, parallel: " + parts + ", " + parallel + " (expected: at least one of each)");
    }
  }

  private static void expect(String name, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          name + ": " + value + " (expected: " + least + ".." + most + ")");
    }
  }

  /** Three rounds of all parts: chosen so that two cores are through in less than 5 minutes. */
  public static Sizes usual() {
    Set<Part> all = EnumSet.complementOf(EnumSet.of(Part.MEMORY));
    return new Sizes(3, List.of(1, 8, 16, 32), 32, 80, 32, all, 10);
  }

  /** The same with few tokens, for the round that does not count. */
  Sizes shorter() {
    return new Sizes(1, parallel, Math.min(tokens, 6), prompt, Math.min(texts, 16), parts, minutes);
  }

  /** Tokens of the longest text of the rounds against llama.cpp. */
  int longest() {
    return prompt + tokens + 8;
  }

  int mostParallel() {
    return parallel.stream().mapToInt(Integer::intValue).max().orElseThrow();
  }
}
