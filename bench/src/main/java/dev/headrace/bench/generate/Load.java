package dev.headrace.bench.generate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * Texts to generate.
 *
 * @param prompts ids
 * @param tokens how many to generate after each
 */
public record Load(List<int[]> prompts, List<Integer> tokens) {
  /** The same number of tokens after each prompt; prompts of a quarter of the longest and more. */
  static Load even(List<int[]> texts, int count, int prompt, int tokens, long seed) {
    Random random = new Random(seed);
    List<int[]> prompts = new ArrayList<>();
    List<Integer> lengths = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      prompts.add(
          head(
              texts.get(random.nextInt(texts.size())),
              prompt - random.nextInt(prompt * 3 / 4 + 1)));
      lengths.add(tokens);
    }
    return new Load(prompts, lengths);
  }

  /**
   * Lengths as answers have them: many short ones, few long ones. They are exponential (the longest
   * cut off), so their standard deviation is near their mean, as published traces of chats have it.
   */
  public static Load mixed(List<int[]> texts, int count, int prompt, int most, long seed) {
    Random random = new Random(seed);
    Load even = even(texts, count, prompt, 1, seed);
    List<Integer> lengths = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      double length = 8 - 0.25 * most * Math.log(1 - random.nextDouble());
      lengths.add((int) Math.min(most, length));
    }
    return new Load(even.prompts, lengths);
  }

  /** One beginning for all prompts, and some tokens of their own behind it. */
  static Load shared(
      List<int[]> texts, int count, int beginning, int longest, int tokens, long seed) {
    int[] all = texts.stream().flatMapToInt(Arrays::stream).limit(beginning).toArray();
    Load even = even(texts, count, longest, tokens, seed);
    List<int[]> prompts = new ArrayList<>();
    for (int[] own : even.prompts) {
      int[] prompt = Arrays.copyOf(all, all.length + own.length);
      System.arraycopy(own, 0, prompt, all.length, own.length);
      prompts.add(prompt);
    }
    return new Load(prompts, even.tokens);
  }

  private static int[] head(int[] ids, int most) {
    return Arrays.copyOf(ids, Math.min(ids.length, most));
  }

  /** Tokens generated in all. */
  long generated() {
    return tokens.stream().mapToLong(Integer::longValue).sum();
  }

  /** All as long as the longest, prompts and what is generated; what is added is of no use. */
  Load padded() {
    int longest = prompts.stream().mapToInt(p -> p.length).max().orElseThrow();
    int most = tokens.stream().mapToInt(Integer::intValue).max().orElseThrow();
    List<int[]> padded = new ArrayList<>();
    for (int[] prompt : prompts) {
      int[] whole = Arrays.copyOf(prompt, longest);
      for (int i = prompt.length; i < longest; i++) {
        whole[i] = prompt[i % prompt.length];
      }
      padded.add(whole);
    }
    return new Load(padded, Collections.nCopies(tokens.size(), most));
  }

  /** Texts {@code from} to {@code to}. */
  public Load part(int from, int to) {
    return new Load(prompts.subList(from, to), tokens.subList(from, to));
  }
}
