package dev.headrace.worker.engine;

import dev.headrace.worker.generate.session.Segment;
import java.nio.IntBuffer;
import java.util.List;

/**
 * The {@code data} of a step as {@code PackedDecoderEmitter} says.
 *
 * @param tokens of all segments
 * @param wanted segments whose logits are wanted
 * @param longest tokens of a segment
 * @param reach tokens of a sequence, with these
 */
record StepData(int tokens, int wanted, int longest, int reach) {
  static StepData of(List<Segment> segments) {
    int tokens = 0;
    int wanted = 0;
    int longest = 0;
    int reach = 0;
    for (Segment segment : segments) {
      int count = segment.tokens().length;
      tokens += count;
      wanted += segment.logits() ? 1 : 0;
      longest = Math.max(longest, count);
      reach = Math.max(reach, segment.sequence().tokens() + count);
    }
    return new StepData(tokens, wanted, longest, reach);
  }

  int ints(int segments) {
    return 3 * tokens + 3 * segments + 2 + wanted;
  }

  /** Fills {@code data}; the sequences' runs have room for their tokens already. */
  void fill(IntBuffer data, List<Segment> segments, int blockTokens) {
    int count = segments.size();
    int starts = 3 * tokens;
    int first = starts + count + 1;
    int lengths = first + count + 1;
    int out = lengths + count;
    int token = 0;
    for (int s = 0; s < count; s++) {
      Segment segment = segments.get(s);
      RunSequence sequence = (RunSequence) segment.sequence();
      int slot = sequence.run.start() * blockTokens;
      data.put(starts + s, token).put(first + s, slot);
      data.put(lengths + s, sequence.tokens + segment.tokens().length);
      for (int i = 0; i < segment.tokens().length; i++) {
        int position = sequence.tokens + i;
        data.put(token, segment.tokens()[i]);
        data.put(tokens + token, position);
        data.put(2 * tokens + token, slot + position);
        token++;
      }
      if (segment.logits()) {
        data.put(out++, token - 1);
      }
    }
    data.put(starts + count, token).put(first + count, 0);
  }
}
