package dev.headrace.worker.engine;

import dev.headrace.worker.generate.session.DecoderShape;
import dev.headrace.worker.generate.session.KvMemory;
import dev.headrace.worker.generate.session.Segment;
import dev.headrace.worker.generate.session.Sequence;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * What a step must be before any of it runs: an id out of range would crash the process on a GPU.
 */
final class StepCheck {
  private StepCheck() {}

  /**
   * Refuses a step that cannot run.
   *
   * @param open refuses a sequence that is not open in the session
   * @throws IllegalArgumentException says what is wrong with which segment
   */
  static void segments(List<Segment> segments, DecoderShape shape, Consumer<Sequence> open) {
    if (segments.isEmpty()) {
      throw new IllegalArgumentException("segments: none (expected: at least one)");
    }
    Set<Sequence> seen = new HashSet<>();
    for (int i = 0; i < segments.size(); i++) {
      Segment segment = segments.get(i);
      open.accept(segment.sequence());
      if (!seen.add(segment.sequence())) {
        throw new IllegalArgumentException(
            "segment " + i + ": its sequence twice (expected: one segment for each sequence)");
      }
      int room = shape.maxPositions() - segment.sequence().tokens();
      int count = segment.tokens().length;
      if (count < 1 || count > room) {
        throw new IllegalArgumentException(
            "segment %d: %d tokens after %d (expected: 1..%d)"
                .formatted(i, count, segment.sequence().tokens(), room));
      }
      for (int token : segment.tokens()) {
        if (token < 0 || token >= shape.vocabulary()) {
          throw new IllegalArgumentException(
              "segment %d: token id %d (expected: 0..%d)"
                  .formatted(i, token, shape.vocabulary() - 1));
        }
      }
    }
  }

  /** Refuses to go on when fewer blocks are free than are needed. */
  static void room(int needed, KvMemory memory, String model) {
    if (needed > memory.freeBlocks()) {
      throw new EngineException(
          EngineException.Kind.RESOURCE,
          "KV memory of %s: %d blocks needed (expected: <= %d free of %d)"
              .formatted(model, needed, memory.freeBlocks(), memory.totalBlocks()),
          null);
    }
  }
}
