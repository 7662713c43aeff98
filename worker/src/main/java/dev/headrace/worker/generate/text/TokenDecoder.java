package dev.headrace.worker.generate.text;

/** Turns ids into text as the model's tokenizer does. Thread-safe. */
@FunctionalInterface
public interface TokenDecoder {
  /**
   * The text of some tokens; special ones have none. Bytes that are no whole character show as
   * U+FFFD.
   *
   * @param ids [tokens]
   */
  String decode(int[] ids);
}
