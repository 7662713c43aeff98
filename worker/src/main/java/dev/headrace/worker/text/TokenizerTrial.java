package dev.headrace.worker.text;

import dev.headrace.protocol.naming.Digests;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tries a tokenizer file in a process of its own before this one reads it. The native library is
 * built to abort: where it would panic, over a file that contradicts itself, it ends the process,
 * and no exception tells. Each content is tried once in a process' life.
 *
 * <p>Any thread; takes about half a second the first time.
 */
final class TokenizerTrial {
  private static final Logger LOG = LoggerFactory.getLogger(TokenizerTrial.class);

  /** Chosen: tokenizers with a quarter of a million tokens take about two. */
  private static final Duration USUAL_TIMEOUT = Duration.ofSeconds(60);

  /** What is kept of what a panic says. */
  private static final int MAX_REASON = 300;

  private static final Set<String> PASSED = ConcurrentHashMap.newKeySet();

  private TokenizerTrial() {}

  /**
   * Returns if the file may be read here.
   *
   * @param model for messages
   * @param json the content of {@code tokenizer.json}
   * @throws IOException the native library does not survive the file, or takes too long over it
   */
  static void check(String model, byte[] json) throws IOException {
    check(model, json, USUAL_TIMEOUT);
  }

  static void check(String model, byte[] json, Duration timeout) throws IOException {
    String digest = Digests.sha256(json);
    if (PASSED.contains(digest)) {
      return;
    }
    Path folder = Files.createTempDirectory("headrace-trial");
    try {
      Path file = Files.write(folder.resolve("tokenizer.json"), json);
      run(model, file, folder.resolve("output").toFile(), timeout);
    } finally {
      delete(folder);
    }
    PASSED.add(digest);
  }

  private static void run(String model, Path file, File output, Duration timeout)
      throws IOException {
    Process process;
    try {
      process = start(file, output, timeout);
    } catch (IOException e) {
      // Where no process can be started, a worker is better than none.
      LOG.warn("tokenizer not tried model={} cause={}", model, e.toString());
      return;
    }
    boolean ended = false;
    try {
      ended = process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("tokenizer of " + model + ": interrupted while it was tried", e);
    } finally {
      process.destroyForcibly();
    }
    List<String> lines =
        new String(Files.readAllBytes(output.toPath()), StandardCharsets.UTF_8).lines().toList();
    if (!ended) {
      throw new IOException(
          "tokenizer of %s: tokenizer.json: not read within %d s (expected: a tokenizer that ends)"
              .formatted(model, timeout.toSeconds()));
    }
    if (!lines.contains(TrialProgram.OK)) {
      throw new IOException(
          "tokenizer of %s: tokenizer.json ends the process that reads it, status %d: %s"
              .formatted(model, process.exitValue(), reason(lines)));
    }
  }

  private static Process start(Path file, File output, Duration timeout) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx1g",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:-UsePerfData",
            "-XX:+ErrorFileToStdout",
            TrialProgram.class.getName(),
            file.toString(),
            Long.toString(timeout.toSeconds() + 1));
    // Not on the command line, which may be too long for it.
    builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
    return builder
        .directory(file.getParent().toFile())
        .redirectErrorStream(true)
        .redirectOutput(output)
        .start();
  }

  /** What the library said when it panicked: the line and the one after it. */
  private static String reason(List<String> lines) {
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).contains("panicked at")) {
        String line = String.join(" ", lines.subList(i, Math.min(i + 2, lines.size()))).strip();
        return cut(line);
      }
    }
    return lines.isEmpty() ? "it said nothing" : cut(lines.get(lines.size() - 1));
  }

  private static String cut(String line) {
    return line.length() <= MAX_REASON ? line : line.substring(0, MAX_REASON);
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.deleteIfExists(file);
      }
    }
    Files.deleteIfExists(folder);
  }
}
