package dev.headrace.worker.generate.text;

import java.util.Arrays;

/**
 * The text of a growing row of tokens, piece by piece. The pieces joined are the text of all tokens
 * at once, though a tokenizer's decoder looks across tokens: characters whose bytes are spread over
 * several, spaces that only the first token of a text loses.
 *
 * <p>Each token decodes the tail only: the tokens of the last piece, for the decoder's sake, and
 * those behind them. What is new is what the second text has beyond the first, unless it ends
 * within a character. (The way of Hugging Face's text-generation-inference and of vLLM.)
 */
public final class Detokenizer {
  private static final char REPLACEMENT = '\uFFFD';

  /**
   * Tokens that may wait for the end of a character. A character has at most four bytes, so more
   * than these are no text at all, and waiting for their end would cost more with each.
   */
  private static final int MAX_WAITING = 12;

  private final TokenDecoder decoder;
  private int[] tail = new int[16];
  private int size;

  /** Tokens of the tail whose text was given out. */
  private int given;

  public Detokenizer(TokenDecoder decoder) {
    this.decoder = decoder;
  }

  /**
   * Takes a token.
   *
   * @return the text that is certain by now, often empty
   */
  public String add(int token) {
    if (size == tail.length) {
      tail = Arrays.copyOf(tail, size * 2);
    }
    tail[size++] = token;
    String text = decoder.decode(Arrays.copyOf(tail, size));
    boolean within = !text.isEmpty() && text.charAt(text.length() - 1) == REPLACEMENT;
    if (within && size - given <= MAX_WAITING) {
      return "";
    }
    return beyond(text);
  }

  /** What is left at the end of the row, unfinished characters included. */
  public String flush() {
    return given == size ? "" : beyond(decoder.decode(Arrays.copyOf(tail, size)));
  }

  private String beyond(String text) {
    String before = given == 0 ? "" : decoder.decode(Arrays.copyOf(tail, given));
    if (text.length() <= before.length()) {
      return ""; // tokens without text: they stay in the tail until one has some
    }
    System.arraycopy(tail, given, tail, 0, size - given);
    size -= given;
    given = size;
    return text.substring(before.length());
  }
}
