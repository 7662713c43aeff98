package dev.headrace.protocol.body;

/**
 * What a body may hold.
 *
 * @param maxRows texts in one request
 * @param maxTextChars UTF-16 units of one text
 * @param maxLabels labels of one classification
 */
public record BodyLimits(int maxRows, int maxTextChars, int maxLabels) {
  /** OpenAI's limit of 2,048 inputs; the others are chosen. */
  public static final BodyLimits DEFAULT = new BodyLimits(2048, 1_000_000, 256);
}
