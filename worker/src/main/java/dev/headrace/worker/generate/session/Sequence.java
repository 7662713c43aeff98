package dev.headrace.worker.generate.session;

/** A row of tokens whose keys and values a session keeps. Made and released by its session. */
public interface Sequence {
  /** Tokens that have run: the position of the next one. 0 in a new sequence. */
  int tokens();
}
