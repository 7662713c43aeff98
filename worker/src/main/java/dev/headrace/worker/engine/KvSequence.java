package dev.headrace.worker.engine;

/** A sequence, and the blocks that hold its keys and values. */
final class KvSequence extends OwnedSequence {
  int[] blocks = {};

  KvSequence(TorchDecoder session) {
    super(session);
  }
}
