package dev.headrace.worker.engine;

import dev.headrace.worker.generate.session.Sequence;

/** A sequence of one session: its length, and the blocks that hold its keys and values. */
final class RunSequence implements Sequence {
  final RunDecoder session;
  final KvRuns.Run run = new KvRuns.Run();
  int tokens;
  boolean open = true;

  RunSequence(RunDecoder session) {
    this.session = session;
  }

  @Override
  public int tokens() {
    return tokens;
  }
}
