package dev.headrace.protocol;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/** What is asked of a model; each task has the URL of the HTTP API whose bodies it uses. */
public enum Task {
  /** One vector per input text; bodies as OpenAI's. */
  EMBEDDINGS("embeddings", "/v1/embeddings"),
  /** One label per input text, with a score for each label; bodies are Headrace's own. */
  CLASSIFICATIONS("classifications", "/v1/classifications"),
  /** The assistant's next turn in a conversation; bodies as OpenAI's. */
  CHAT_COMPLETIONS("chat-completions", "/v1/chat/completions"),
  /** Text that goes on with a prompt; bodies as OpenAI's. */
  COMPLETIONS("completions", "/v1/completions"),
  /** A score for each of several documents, how well it answers a query; bodies as Cohere's. */
  RERANK("rerank", "/v1/rerank"),
  /** Names and the like in texts, and where they stand; bodies are Headrace's own. */
  TOKEN_CLASSIFICATIONS("token-classifications", "/v1/token-classifications"),
  /** Tokens that fit where a text has a gap; bodies are Headrace's own. */
  FILL_MASK("fill-mask", "/v1/fill-mask");

  private static final Task[] ALL = values();

  private final String wireName;
  private final String url;

  Task(String wireName, String url) {
    this.wireName = wireName;
    this.url = url;
  }

  /** The name on the wire. */
  public String wireName() {
    return wireName;
  }

  /** The path that names this task in batch files. */
  public String url() {
    return url;
  }

  /** Whether text is generated. */
  public boolean generates() {
    return this == CHAT_COMPLETIONS || this == COMPLETIONS;
  }

  /** The task with this path. */
  public static Optional<Task> ofUrl(String url) {
    return Arrays.stream(values()).filter(t -> t.url.equals(url)).findFirst();
  }

  /** The task with this wire name. */
  public static Optional<Task> ofWireName(String name) {
    for (Task task : ALL) {
      if (task.wireName.equals(name)) {
        return Optional.of(task);
      }
    }
    return Optional.empty();
  }

  /** All wire names, for messages that say what was expected. */
  public static String expected() {
    return Arrays.stream(values()).map(Task::wireName).collect(Collectors.joining(", "));
  }
}
