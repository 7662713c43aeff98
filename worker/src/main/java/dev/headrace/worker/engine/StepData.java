package dev.headrace.worker.engine;

import dev.headrace.worker.generate.session.Segment;
import java.nio.IntBuffer;
import java.util.List;

/**
 * The {@code data} of a step as {@code PackedDecoderEmitter} says.
 *
 * @param segments of the step, padding included
 * @param tokens of all segments
 * @param wanted segments whose logits are wanted
 * @param longest tokens of a segment
 * @param reach tokens of a sequence, with these
 */
record StepData(int segments, int tokens, int wanted, int longest, int reach) {
  /** More segments than this are not padded to a number that comes again (chosen). */
  private static final int MOST_PADDED = 256;

  private static final int LEAST_REACH = 256;

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
    return new StepData(segments.size(), tokens, wanted, longest, reach);
  }

  /** Whether each sequence gets one token, and its logits are wanted. */
  boolean decodes() {
    return segments == tokens && segments == wanted && segments <= MOST_PADDED;
  }

  /**
   * A decoding step with as many segments and as large a reach as others have: 1, 2, 4, then
   * multiples of 8, from 64 on of 16; powers of two from 256 on.
   */
  StepData padded() {
    int count =
        segments <= 2 ? segments : segments <= 4 ? 4 : up(segments, segments <= 64 ? 8 : 16);
    int bound = Math.max(LEAST_REACH, Integer.highestOneBit(Math.max(1, reach - 1)) * 2);
    return new StepData(count, count, count, 1, bound);
  }

  private static int up(int value, int multiple) {
    return (value + multiple - 1) / multiple * multiple;
  }

  int ints() {
    return 3 * tokens + 3 * segments + 2 + wanted;
  }

  /**
   * Fills {@code data}; the sequences' runs have room for their tokens already.
   *
   * @param given segments; those that are missing are of one token, which is nobody's
   * @param spare the slot for the keys of padding
   */
  void fill(IntBuffer data, List<Segment> given, int blockTokens, int spare) {
    int count = segments;
    int starts = 3 * tokens;
    int first = starts + count + 1;
    int lengths = first + count + 1;
    int out = lengths + count;
    int token = 0;
    for (int s = 0; s < given.size(); s++) {
      Segment segment = given.get(s);
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
    for (int s = given.size(); s < count; s++) {
      data.put(starts + s, token).put(first + s, spare).put(lengths + s, 1);
      data.put(token, 0).put(tokens + token, 0).put(2 * tokens + token, spare).put(out++, token);
      token++;
    }
    data.put(starts + count, token).put(first + count, 0);
  }
}
