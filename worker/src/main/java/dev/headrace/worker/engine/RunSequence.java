package dev.headrace.worker.engine;

/** A sequence, and the run of blocks that holds its keys and values. */
final class RunSequence extends OwnedSequence {
  final KvRuns.Run run = new KvRuns.Run();

  RunSequence(RunDecoder session) {
    super(session);
  }
}
