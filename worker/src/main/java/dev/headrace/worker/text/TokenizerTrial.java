package dev.headrace.worker.text;

import dev.headrace.protocol.naming.Digests;
import dev.headrace.worker.model.weights.MalformedModelException;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens and uses a tokenizer file in a process of its own before this one does. The native library
 * aborts its process when it panics, and no check of ours knows every file that makes it: so one
 * bad folder would end a worker, and every worker that its models went to.
 */
final class TokenizerTrial {
  private static final Logger LOG = LoggerFactory.getLogger(TokenizerTrial.class);

  /** Far more than the largest takes on a busy machine (chosen). */
  static final Duration LONGEST = Duration.ofMinutes(2);

  /** Java's copies of the file, as bytes and as a string, and room for the rest (chosen). */
  private static final int HEAP_PER_BYTE = 8;

  private static final long HEAP_BYTES = 64 << 20;
  private static final int MOST_CHARS = 300;

  /** Where DJL finds its libraries and leaves them. */
  private static final List<String> PASSED_ON =
      List.of("java.io.tmpdir", "DJL_CACHE_DIR", "ENGINE_CACHE_DIR");

  /** Options meant for this process; a port or an agent cannot be had twice. */
  private static final List<String> NOT_PASSED_ON =
      List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS");

  /** Digests of those that passed: a model that comes and goes is tried once. */
  private static final Set<String> PASSED = ConcurrentHashMap.newKeySet();

  private TokenizerTrial() {}

  /**
   * Returns when the library has opened the file and used it on some texts, or refused it as a
   * library should, with an exception, which whoever opens it next gets again.
   *
   * @param model for messages
   * @param json the content of {@code tokenizer.json}
   * @param options for the library
   * @throws MalformedModelException when the process died or hung
   */
  static void check(String model, byte[] json, Map<String, String> options) throws IOException {
    check(model, json, options, LONGEST);
  }

  static void check(String model, byte[] json, Map<String, String> options, Duration longest)
      throws IOException {
    String digest = Digests.sha256(json) + options.getOrDefault(TokenizerProbe.MAX_LENGTH, "");
    if (PASSED.contains(digest)) {
      return;
    }
    Path folder = Files.createTempDirectory("headrace-tokenizer");
    Path file = folder.resolve("tokenizer.json");
    Path output = folder.resolve("output");
    try {
      Files.write(file, json);
      if (passes(model, start(json.length, options, file, output), output, longest)) {
        PASSED.add(digest);
      }
    } finally {
      Files.deleteIfExists(file);
      Files.deleteIfExists(output);
      Files.delete(folder);
    }
  }

  private static Process start(int bytes, Map<String, String> options, Path file, Path output)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx" + (HEAP_BYTES + (long) HEAP_PER_BYTE * bytes));
    command.add("-XX:TieredStopAtLevel=1");
    command.add("-XX:+UseSerialGC");
    command.add("-XX:ErrorFile=" + output.resolveSibling("error"));
    for (String name : PASSED_ON) {
      String value = System.getProperty(name);
      if (value != null) {
        command.add("-D" + name + "=" + value);
      }
    }
    command.add(TokenizerProbe.class.getName());
    options.forEach((name, value) -> command.add(name + "=" + value));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
    builder.environment().keySet().removeAll(NOT_PASSED_ON);
    File log = output.toFile();
    return builder
        .redirectInput(file.toFile())
        .redirectErrorStream(true)
        .redirectOutput(log)
        .start();
  }

  /** False where the process did not get as far as the file, which says nothing about it. */
  private static boolean passes(String model, Process process, Path output, Duration longest)
      throws IOException {
    int status;
    try {
      if (!process.waitFor(longest.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new MalformedModelException(
            "tokenizer of "
                + model
                + ": not opened after "
                + longest.toSeconds()
                + " s (expected: a tokenizer.json that the tokenizers library can read)");
      }
      status = process.exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while the tokenizer of " + model + " was tried", e);
    } finally {
      kill(process);
      Files.deleteIfExists(output.resolveSibling("error"));
    }
    if (status == 0) {
      return true;
    }
    List<String> said =
        new String(Files.readAllBytes(output), StandardCharsets.UTF_8).lines().toList();
    if (!said.contains(TokenizerProbe.READY)) {
      LOG.warn("tokenizer not tried model={} status={} output={}", model, status, said);
      return false;
    }
    throw new MalformedModelException(
        "tokenizer of "
            + model
            + ": the tokenizers library ended its process with status "
            + status
            + ": "
            + cause(said)
            + " (expected: a tokenizer.json that it can read)");
  }

  /**
   * What it said before it died: a panic takes a line or two. Newer JVMs warn of native libraries
   * before.
   */
  private static String cause(List<String> said) {
    String text =
        said.stream()
            .filter(line -> !line.equals(TokenizerProbe.READY) && !line.isBlank())
            .filter(line -> !line.startsWith("WARNING: "))
            .reduce("", (a, b) -> a.isEmpty() ? b.strip() : a + " " + b.strip());
    return text.length() > MOST_CHARS ? text.substring(0, MOST_CHARS) : text;
  }

  /** Waits for its end, so that its files can go. */
  private static void kill(Process process) {
    process.destroyForcibly().onExit().join();
  }
}
