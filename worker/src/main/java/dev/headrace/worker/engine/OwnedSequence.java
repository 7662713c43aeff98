package dev.headrace.worker.engine;

import dev.headrace.worker.generate.session.DecoderSession;
import dev.headrace.worker.generate.session.Sequence;

/** A sequence of one session: its length, and whether it was given back. */
abstract class OwnedSequence implements Sequence {
  final DecoderSession session;
  int tokens;
  boolean open = true;

  OwnedSequence(DecoderSession session) {
    this.session = session;
  }

  @Override
  public int tokens() {
    return tokens;
  }
}
