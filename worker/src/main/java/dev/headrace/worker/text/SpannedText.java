package dev.headrace.worker.text;

/** A text as a model reads it, and where its tokens are in it. */
public record SpannedText(TokenizedText text, TokenSpans spans) {}
