package dev.headrace.worker.generate;

import dev.headrace.worker.generate.template.ChatTemplate;
import dev.headrace.worker.generate.template.TemplateException;
import dev.headrace.worker.model.hf.HfConfig;
import dev.headrace.worker.model.weights.MalformedModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Reads {@link ChatFiles} from a Hugging Face folder: {@code chat_template.jinja} or the template
 * in {@code tokenizer_config.json}, and the ends in {@code generation_config.json} or {@code
 * config.json}.
 */
final class HfChatFiles {
  private static final int MAX_ID = 1 << 24;
  private static final List<String> SPECIAL =
      List.of("bos_token", "eos_token", "unk_token", "pad_token");

  private HfChatFiles() {}

  static ChatFiles read(Path folder, InstantSource clock) throws IOException {
    Map<String, String> tokens = new HashMap<>();
    Optional<String> template = Optional.empty();
    Path settings = folder.resolve("tokenizer_config.json");
    if (Files.isRegularFile(settings)) {
      HfConfig config = HfConfig.read(settings);
      for (String key : SPECIAL) {
        config.token(key).ifPresent(t -> tokens.put(key, t));
      }
      if (config.isString("chat_template")) {
        template = config.optionalString("chat_template");
      }
    }
    Path file = folder.resolve("chat_template.jinja");
    if (Files.isRegularFile(file)) {
      template = Optional.of(Files.readString(file));
    }
    return files(folder, template, tokens, ends(folder), clock);
  }

  private static ChatFiles files(
      Path folder,
      Optional<String> template,
      Map<String, String> tokens,
      Set<Integer> ends,
      InstantSource clock)
      throws MalformedModelException {
    try {
      return new ChatFiles(template.map(t -> ChatTemplate.of(t, tokens, clock)), ends);
    } catch (TemplateException e) {
      throw new MalformedModelException(folder.getFileName() + ": " + e.getMessage());
    }
  }

  private static Set<Integer> ends(Path folder) throws IOException {
    for (String name : List.of("generation_config.json", "config.json")) {
      Path file = folder.resolve(name);
      if (Files.isRegularFile(file)) {
        HfConfig config = HfConfig.read(file);
        if (config.has("eos_token_id")) {
          return ends(config);
        }
      }
    }
    return Set.of();
  }

  /** One id, or several. */
  private static Set<Integer> ends(HfConfig config) throws MalformedModelException {
    try {
      return Set.of(config.integer("eos_token_id", 0, MAX_ID));
    } catch (MalformedModelException notOne) {
      return new HashSet<>(config.integers("eos_token_id", 0, MAX_ID));
    }
  }
}
