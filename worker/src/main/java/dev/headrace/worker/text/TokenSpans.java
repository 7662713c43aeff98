package dev.headrace.worker.text;

/**
 * Where the tokens of a text are in it. All arrays are {@code [tokens]} and never modified.
 *
 * @param starts in Unicode code points from 0
 * @param ends where what follows begins
 * @param special tokens that are not from the text
 * @param continues tokens that go on with the word of the token before
 */
@SuppressWarnings("ArrayRecordComponent") // handed on once, never compared
public record TokenSpans(int[] starts, int[] ends, boolean[] special, boolean[] continues) {
  public int tokens() {
    return starts.length;
  }
}
