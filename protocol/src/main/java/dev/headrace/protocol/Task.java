package dev.headrace.protocol;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/** What is asked of a model; each task has the URL of the HTTP API whose bodies it uses. */
public enum Task {
  /** One vector per input text; bodies as OpenAI's. */
  EMBEDDINGS("embeddings", "/v1/embeddings"),
  /** One label per input text, with a score for each label; bodies are Headrace's own. */
  CLASSIFICATIONS("classifications", "/v1/classifications");

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
