package dev.headrace.sdk;

/**
 * A token that fits where a text has a mask.
 *
 * @param token its id in the model's vocabulary
 * @param text what it stands for, perhaps with a space before it
 * @param score its probability, 0 to 1
 */
public record MaskCandidate(int token, String text, double score) {}
