package dev.headrace.worker.engine;

import dev.headrace.worker.generate.session.Sequence;

/** A sequence of one session: its length, and the blocks that hold its keys and values. */
final class KvSequence implements Sequence {
  final TorchDecoder session;
  int[] blocks = {};
  int tokens;
  boolean open = true;

  KvSequence(TorchDecoder session) {
    this.session = session;
  }

  @Override
  public int tokens() {
    return tokens;
  }
}
