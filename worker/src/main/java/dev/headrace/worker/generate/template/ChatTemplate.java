package dev.headrace.worker.generate.template;

import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A conversation in the form in which a model was taught to read it: the template of its {@code
 * tokenizer_config.json}, {@code chat_template.jinja} or GGUF file. Immutable, thread-safe.
 */
public final class ChatTemplate {
  /** A template of this size is none (chosen: the longest known have 20,000 characters). */
  private static final int MAX_TEMPLATE = 1 << 18;

  /** Bounds a rendering to some tenths of a second (chosen). */
  private static final long MAX_STEPS = 5_000_000;

  /** Characters of a prompt: more than any context holds (chosen). */
  private static final int MAX_OUTPUT = 16 << 20;

  private final Parser.Node node;
  private final Map<String, String> specialTokens;
  private final Map<String, Object> functions;

  private ChatTemplate(
      Parser.Node node, Map<String, String> specialTokens, Map<String, Object> functions) {
    this.node = node;
    this.specialTokens = Map.copyOf(specialTokens);
    this.functions = functions;
  }

  /**
   * Reads a template.
   *
   * @param specialTokens by their names in templates, such as {@code bos_token}
   * @param clock for templates that tell the model what day it is
   * @throws TemplateException when it cannot be read or uses what is not supported
   */
  public static ChatTemplate of(
      String template, Map<String, String> specialTokens, InstantSource clock) {
    if (template.length() > MAX_TEMPLATE) {
      throw new TemplateException(
          "chat template: "
              + template.length()
              + " characters (expected: at most "
              + MAX_TEMPLATE
              + ")");
    }
    return new ChatTemplate(Parser.parse(template), specialTokens, Functions.all(clock));
  }

  /**
   * Renders a conversation.
   *
   * @param messages each with {@code role} and {@code content}
   * @param generationPrompt whether the model is to speak next
   * @throws TemplateException when the template refuses the conversation, or takes too long
   */
  public String render(List<? extends Map<String, ?>> messages, boolean generationPrompt) {
    Map<String, @Nullable Object> names = new HashMap<>(functions);
    names.putAll(specialTokens);
    names.put("messages", messages);
    names.put("add_generation_prompt", generationPrompt);
    names.put("tools", null);
    names.put("documents", null);
    Run run = Run.start(names, MAX_STEPS, MAX_OUTPUT);
    try {
      node.render(run);
    } catch (ArithmeticException | IndexOutOfBoundsException e) {
      throw new TemplateException("chat template: " + e.getMessage());
    }
    return run.written();
  }
}
