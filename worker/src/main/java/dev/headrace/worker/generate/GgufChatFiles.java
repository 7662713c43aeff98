package dev.headrace.worker.generate;

import dev.headrace.worker.generate.template.ChatTemplate;
import dev.headrace.worker.generate.template.TemplateException;
import dev.headrace.worker.model.gguf.GgufModel;
import dev.headrace.worker.model.weights.MalformedModelException;
import java.time.InstantSource;
import java.util.Map;

/** Reads {@link ChatFiles} from the metadata of a GGUF file. */
final class GgufChatFiles {
  private GgufChatFiles() {}

  static ChatFiles read(String name, GgufModel model, InstantSource clock)
      throws MalformedModelException {
    Map<String, String> tokens = model.specialTokens();
    try {
      return new ChatFiles(
          model.chatTemplate().map(t -> ChatTemplate.of(t, tokens, clock)), model.ends());
    } catch (TemplateException e) {
      throw new MalformedModelException(name + ": tokenizer.chat_template: " + e.getMessage());
    }
  }
}
