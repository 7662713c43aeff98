package dev.headrace.worker.generate.schedule;

import dev.headrace.worker.generate.text.TokenDecoder;
import java.util.Set;

/**
 * What the scheduler knows of a model's tokens.
 *
 * @param decoder from ids to text
 * @param ends ids with which the model ends a text
 */
public record Vocabulary(TokenDecoder decoder, Set<Integer> ends) {
  public Vocabulary {
    ends = Set.copyOf(ends);
  }
}
