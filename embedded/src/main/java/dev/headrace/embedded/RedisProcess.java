package dev.headrace.embedded;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One run of redis-server, from start to stop, under a shell that outlives this JVM.
 *
 * <p>Linux does not end a child with its parent. So a shell stands between: it starts redis-server
 * and reads from a pipe that only this JVM holds. A line means stop in order; the end of the pipe
 * means that the JVM is gone (also after SIGKILL), and redis-server is killed. Where {@code setsid}
 * exists the two form their own session, so that Ctrl-C in a terminal reaches the JVM alone and the
 * program can still use Redis while it closes.
 */
final class RedisProcess {
  private static final Logger log = LoggerFactory.getLogger(RedisProcess.class);

  private static final Duration READY_LIMIT = Duration.ofSeconds(20); // chosen; it takes 0.1 s
  private static final Duration STOP_LIMIT = Duration.ofSeconds(5); // chosen; it takes 0.1 s
  private static final String READY = "Ready to accept connections";
  private static final String PID = "headrace-redis-pid ";
  private static final int KEPT_LINES = 20;

  // The shell closes its own standard output, so that its end tells the end of redis-server.
  private static final String KEEPER =
      """
      trap '' HUP INT TERM
      "$@" </dev/null 2>&1 &
      redis=$!
      echo "headrace-redis-pid $redis"
      exec >/dev/null 2>&1
      if read -r _; then kill -TERM "$redis"; else kill -KILL "$redis"; fi
      wait "$redis"
      """;

  private final Process keeper;
  private final Deque<String> lastLines = new ArrayDeque<>(); // guarded by itself
  private final CompletableFuture<Long> pid = new CompletableFuture<>();
  private final CompletableFuture<Boolean> ready = new CompletableFuture<>();

  private RedisProcess(Process keeper) {
    this.keeper = keeper;
  }

  /**
   * Starts redis-server and waits until it takes connections.
   *
   * @throws PortTakenException when another program listens on its port
   */
  static RedisProcess start(Path executable, Path configuration, Path folder) throws IOException {
    List<String> command = new ArrayList<>();
    findSetsid().ifPresent(setsid -> command.add(setsid.toString()));
    command.addAll(List.of("/bin/sh", "-c", KEEPER, "headrace-redis"));
    command.addAll(List.of(executable.toString(), configuration.toString()));
    Process keeper =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
    RedisProcess redis = new RedisProcess(keeper);
    Thread reader = new Thread(redis::readLog, "embedded-redis-log");
    reader.setDaemon(true);
    reader.start();
    redis.awaitReady();
    return redis;
  }

  private static Optional<Path> findSetsid() {
    return List.of("/usr/bin/setsid", "/bin/setsid").stream()
        .map(Path::of)
        .filter(Files::isExecutable)
        .findFirst();
  }

  private void readLog() {
    try (BufferedReader lines = keeper.inputReader(StandardCharsets.UTF_8)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        accept(line);
      }
    } catch (IOException | UncheckedIOException e) {
      log.debug("redis-server's log ended", e);
    } finally {
      ready.complete(false);
      pid.complete(-1L);
    }
  }

  private void accept(String line) {
    if (line.startsWith(PID)) {
      pid.complete(Long.parseLong(line.substring(PID.length())));
      return;
    }
    log.debug("redis-server: {}", line);
    synchronized (lastLines) {
      if (lastLines.size() == KEPT_LINES) {
        lastLines.removeFirst();
      }
      lastLines.addLast(line);
    }
    if (line.contains(READY)) {
      ready.complete(true);
    }
  }

  private void awaitReady() throws IOException {
    boolean started = false;
    String problem = "it ended";
    try {
      started = ready.get(READY_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      problem = "it was not ready in " + READY_LIMIT;
    } catch (ExecutionException e) {
      problem = "its log could not be read";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      problem = "interrupted while it started";
    }
    if (started) {
      return;
    }
    stop();
    String output = String.join("\n", lastLines());
    if (output.contains("Address already in use")) {
      throw new PortTakenException(output);
    }
    throw new IOException("redis-server: " + problem + "; its last lines:\n" + output);
  }

  private List<String> lastLines() {
    synchronized (lastLines) {
      return List.copyOf(lastLines);
    }
  }

  /** The process id of redis-server itself, -1 when it never started. */
  long pid() {
    return pid.getNow(-1L);
  }

  /** Lets redis-server end in order, kills it after 5 s; bounded by 10 s. */
  void stop() {
    try {
      keeper.getOutputStream().write('\n');
      keeper.getOutputStream().close();
    } catch (IOException e) {
      log.debug("redis-server's keeper has ended already", e);
    }
    if (!awaitEnd()) {
      log.warn("redis-server did not stop, killing it pid={} limit={}", pid(), STOP_LIMIT);
      keeper.descendants().forEach(ProcessHandle::destroyForcibly);
      if (!awaitEnd()) {
        keeper.destroyForcibly();
      }
    }
  }

  private boolean awaitEnd() {
    try {
      return keeper.waitFor(STOP_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false; // Interrupt means stop: kill instead of waiting.
    }
  }

  /** Another program listens on the port that redis-server was given. */
  static final class PortTakenException extends IOException {
    private static final long serialVersionUID = 1L;

    PortTakenException(String output) {
      super("redis-server: port taken; its last lines:\n" + output);
    }
  }
}
