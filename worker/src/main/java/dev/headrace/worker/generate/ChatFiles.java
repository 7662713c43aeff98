package dev.headrace.worker.generate;

import dev.headrace.worker.generate.template.ChatTemplate;
import java.util.Optional;
import java.util.Set;

/**
 * What a model's files say of its texts beside weights and tokenizer.
 *
 * @param template how a conversation is put; empty for a model that was not taught to talk
 * @param ends ids with which it ends a text
 */
public record ChatFiles(Optional<ChatTemplate> template, Set<Integer> ends) {
  public ChatFiles {
    ends = Set.copyOf(ends);
  }
}
