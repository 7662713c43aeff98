package dev.headrace.bench.generate;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** llama.cpp in a Python process of its own, which loads the model once. */
final class LlamaCpp implements AutoCloseable {
  private static final Pattern ANSWER =
      Pattern.compile("\\{\"seconds\": ([0-9.e-]+), \"generated\": (\\d+)}");

  private final Path script;
  private final Process process;
  private final BufferedWriter to;
  private final BufferedReader from;

  private LlamaCpp(Path script, Process process) {
    this.script = script;
    this.process = process;
    this.to =
        new BufferedWriter(
            new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8));
    this.from =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  /**
   * Starts it.
   *
   * @param python with llama-cpp-python installed
   * @param most texts at once, at most
   * @param longest tokens of a text, prompt included, at most
   */
  static LlamaCpp start(Path python, Path gguf, int threads, int most, int longest)
      throws IOException {
    Path script = Files.createTempFile("headrace-llamacpp", ".py");
    try (InputStream in =
        Objects.requireNonNull(LlamaCpp.class.getResourceAsStream("llamacpp.py"))) {
      Files.copy(in, script, StandardCopyOption.REPLACE_EXISTING);
    }
    Process process =
        new ProcessBuilder(
                python.toString(),
                script.toString(),
                gguf.toString(),
                Integer.toString(threads),
                Integer.toString(most),
                Integer.toString(longest))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    return new LlamaCpp(script, process);
  }

  /** Runs a load and gives tokens generated per second. */
  double tokensPerSecond(Load load, int parallel) throws IOException {
    String prompts = load.prompts().stream().map(Arrays::toString).collect(Collectors.joining(","));
    List<Integer> tokens = load.tokens();
    to.write(
        "{\"prompts\":[" + prompts + "],\"tokens\":" + tokens + ",\"parallel\":" + parallel + "}");
    to.newLine();
    to.flush();
    String line = from.readLine();
    Matcher answer = ANSWER.matcher(line == null ? "" : line);
    if (!answer.matches()) {
      throw new IOException("llama.cpp: " + line + " (expected: seconds and generated tokens)");
    }
    long generated = Long.parseLong(answer.group(2));
    if (generated != load.generated()) {
      throw new IOException(
          "llama.cpp: " + generated + " tokens (expected: " + load.generated() + ")");
    }
    return generated / Double.parseDouble(answer.group(1));
  }

  @Override
  public void close() throws IOException {
    to.close();
    process.destroy();
    Files.deleteIfExists(script);
  }
}
