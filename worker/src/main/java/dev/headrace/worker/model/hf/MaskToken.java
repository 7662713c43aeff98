package dev.headrace.worker.model.hf;

/**
 * What stands for a word to be filled in.
 *
 * @param text in a text
 * @param id its token
 */
public record MaskToken(String text, int id) {}
