package dev.headrace.worker.upstream;

import dev.headrace.protocol.Task;
import dev.headrace.protocol.config.Settings;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * The server that the worker feeds.
 *
 * @param url where its API is; {@code /v1/...} is appended
 * @param apiKey sent as a bearer token; empty for none
 * @param models names to serve; none for all that the server lists
 * @param tasks what its models do
 * @param concurrency requests that it is given at the same time, for each model
 * @param startWait how long to wait for it at the start
 * @param silence longest time in which an answer may bring nothing new
 * @param healthInterval between two looks whether it is there
 * @param revision part of the cache keys; the server does not say when a model changes
 */
public record UpstreamConfig(
    URI url,
    String apiKey,
    List<String> models,
    Set<Task> tasks,
    int concurrency,
    Duration startWait,
    Duration silence,
    Duration healthInterval,
    String revision) {
  private static final Set<Task> POSSIBLE =
      Set.of(Task.CHAT_COMPLETIONS, Task.COMPLETIONS, Task.EMBEDDINGS);
  private static final Pattern REVISION = Pattern.compile("[A-Za-z0-9._-]{1,64}");

  public static UpstreamConfig read(Settings s) {
    return new UpstreamConfig(
        s.uri(
            "worker.upstream.url",
            "http://127.0.0.1:8000",
            List.of("http", "https"),
            "Where the server is that speaks OpenAI's API; /v1/... is appended."),
        s.secret("worker.upstream.api-key", "Bearer token for the server, or nothing."),
        s.list(
            "worker.upstream.models",
            List.of(),
            "Names of its models to serve; none for all that it lists."),
        tasks(s),
        s.integer(
            "worker.upstream.concurrency",
            16,
            1,
            65_536,
            "Requests that the server is given at the same time, for each model."),
        s.duration(
            "worker.upstream.start-wait",
            Duration.ofMinutes(10),
            Duration.ofSeconds(1),
            Duration.ofHours(6),
            "How long to wait for the server at the start."),
        s.duration(
            "worker.upstream.silence",
            Duration.ofMinutes(2),
            Duration.ofMillis(100),
            Duration.ofHours(1),
            "Longest time in which an answer may bring nothing new."),
        s.duration(
            "worker.upstream.health-interval",
            Duration.ofSeconds(5),
            Duration.ofMillis(100),
            Duration.ofMinutes(10),
            "Time between two looks whether the server is there."),
        s.text(
            "worker.upstream.revision",
            "1",
            REVISION,
            "1..64 of A-Z a-z 0-9 . _ -",
            "Part of the cache keys; change it when a model changes under its name."));
  }

  private static Set<Task> tasks(Settings s) {
    List<String> names =
        s.list(
            "worker.upstream.tasks",
            List.of(Task.CHAT_COMPLETIONS.wireName(), Task.COMPLETIONS.wireName()),
            "What its models do: chat-completions, completions, embeddings.");
    Set<Task> tasks = new TreeSet<>();
    for (String name : names) {
      Optional<Task> task = Task.ofWireName(name).filter(POSSIBLE::contains);
      task.ifPresent(tasks::add);
      if (task.isEmpty()) {
        s.problem(
            "worker.upstream.tasks",
            name,
            "some of chat-completions, completions, embeddings",
            "settings");
      }
    }
    return tasks;
  }
}
