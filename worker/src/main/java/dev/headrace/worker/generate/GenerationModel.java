package dev.headrace.worker.generate;

import dev.headrace.protocol.ErrorCode;
import dev.headrace.protocol.FailureException;
import dev.headrace.protocol.Task;
import dev.headrace.protocol.body.ChatRequest;
import dev.headrace.protocol.body.CompletionRequest;
import dev.headrace.protocol.body.GenerationOptions;
import dev.headrace.protocol.body.GenerationRequest;
import dev.headrace.worker.device.Concurrency;
import dev.headrace.worker.device.GenerationRow;
import dev.headrace.worker.device.Row;
import dev.headrace.worker.device.ServedModel;
import dev.headrace.worker.generate.schedule.Vocabulary;
import dev.headrace.worker.generate.template.ChatTemplate;
import dev.headrace.worker.generate.template.TemplateException;
import dev.headrace.worker.text.InvalidTextException;
import dev.headrace.worker.text.PromptTokenizer;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A decoder that is served: makes rows of requests. Thread-safe.
 *
 * @param name in requests
 * @param revision of its files
 * @param tokenizer closed with the engine
 * @param chat its template and ends
 * @param size of its vocabulary
 * @param context most tokens of prompt and text together
 * @param most how much of it runs side by side
 */
record GenerationModel(
    String name,
    String revision,
    PromptTokenizer tokenizer,
    ChatFiles chat,
    int size,
    int context,
    Concurrency most)
    implements ServedModel {
  /** What OpenAI's API takes for a completion that gives no limit. */
  private static final int COMPLETION_TOKENS = 16;

  /** No tokenizer has tokens of more characters on average. */
  private static final int MAX_CHARS_PER_TOKEN = 64;

  @Override
  public Set<Task> tasks() {
    return chat.template().isPresent()
        ? EnumSet.of(Task.CHAT_COMPLETIONS, Task.COMPLETIONS)
        : EnumSet.of(Task.COMPLETIONS);
  }

  @Override
  public Optional<Concurrency> concurrency() {
    return Optional.of(most);
  }

  Vocabulary vocabulary() {
    return new Vocabulary(tokenizer::decode, chat.ends());
  }

  @Override
  public List<Row> generate(GenerationRequest request) {
    GenerationOptions options = request.options();
    if (options.responseFormat() != null) {
      throw invalid("response_format", options.responseFormat(), "none: not supported");
    }
    List<Row> rows = new ArrayList<>();
    for (int[] prompt : prompts(request)) {
      int tokens = tokens(request, prompt);
      for (int choice = 0; choice < options.choices(); choice++) {
        rows.add(new GenerationRow(prompt, options.sampling(), tokens, choice, options.stream()));
      }
    }
    return rows;
  }

  private static FailureException invalid(String field, Object value, String expected) {
    return new FailureException(
        ErrorCode.INVALID_BODY, field + ": " + value + " (expected: " + expected + ")");
  }

  private List<int[]> prompts(GenerationRequest request) {
    if (request instanceof ChatRequest conversation) {
      return List.of(conversation(conversation));
    }
    List<int[]> prompts = new ArrayList<>();
    for (CompletionRequest.Prompt prompt : ((CompletionRequest) request).prompts()) {
      prompts.add(
          prompt instanceof CompletionRequest.Text text
              ? encode(text.text(), true)
              : checked(((CompletionRequest.Tokens) prompt).ids()));
    }
    return prompts;
  }

  private int[] conversation(ChatRequest request) {
    ChatTemplate template =
        chat.template()
            .orElseThrow(
                () ->
                    new FailureException(
                        ErrorCode.UNKNOWN_TASK,
                        name + ": has no chat template (expected: a model that has one)"));
    List<Map<String, String>> messages =
        request.messages().stream().map(m -> message(m.role(), m.content())).toList();
    try {
      return encode(template.render(messages, true), false);
    } catch (TemplateException e) {
      throw new FailureException(
          e.raised() ? ErrorCode.INVALID_BODY : ErrorCode.INTERNAL_ERROR,
          "messages: " + e.getMessage(),
          e);
    }
  }

  /** In the order of transformers, for a template may print the whole. */
  private static Map<String, String> message(String role, String content) {
    Map<String, String> message = new LinkedHashMap<>();
    message.put("role", role);
    message.put("content", content);
    return message;
  }

  private int[] encode(String text, boolean special) {
    if (text.length() > (long) context * MAX_CHARS_PER_TOKEN) {
      throw tooLong(text.length() + " characters");
    }
    try {
      int[] ids = tokenizer.encode(text, special);
      if (ids.length == 0) {
        throw invalid("prompt", "no tokens", "at least one");
      }
      return ids;
    } catch (InvalidTextException e) {
      throw new FailureException(ErrorCode.INVALID_BODY, "prompt: " + e.getMessage(), e);
    }
  }

  private int[] checked(List<Integer> ids) {
    for (int id : ids) {
      if (id < 0 || id >= size) {
        throw invalid("prompt", "token " + id, "0.." + (size - 1));
      }
    }
    if (ids.isEmpty()) {
      throw invalid("prompt", "no tokens", "at least one");
    }
    return ids.stream().mapToInt(Integer::intValue).toArray();
  }

  private FailureException tooLong(String length) {
    return new FailureException(
        ErrorCode.INPUT_TOO_LARGE,
        "prompt: "
            + length
            + " (expected: less than "
            + context
            + " tokens, the context of "
            + name
            + ")");
  }

  /** Never more than the context has room for. */
  private int tokens(GenerationRequest request, int[] prompt) {
    int room = context - prompt.length;
    if (room < 1) {
      throw tooLong(prompt.length + " tokens");
    }
    int asked = request.options().maxTokens();
    if (asked == 0) {
      asked = request instanceof ChatRequest ? room : COMPLETION_TOKENS;
    }
    return Math.min(asked, room);
  }
}
