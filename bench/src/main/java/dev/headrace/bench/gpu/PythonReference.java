package dev.headrace.bench.gpu;

import dev.headrace.worker.text.TokenizedText;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** PyTorch's figures, by {@code reference.py} in a process of its own. */
final class PythonReference {
  private static final Pattern FIGURE = Pattern.compile("\"(\\w+)\": ?([-+.0-9eE]+)");

  private PythonReference() {}

  /** The encoders' figures. */
  static Map<String, Double> encoders(
      String python,
      int[][] shapes,
      int latencyTokens,
      List<List<TokenizedText>> mixed,
      PrintStream progress)
      throws IOException, InterruptedException {
    return run(python, "reference.py", task(shapes, latencyTokens, mixed), progress);
  }

  /**
   * Figures by key; what the script prints before its last line goes to {@code progress}.
   *
   * @param task one line of JSON, for its standard input
   */
  static Map<String, Double> run(String python, String name, String task, PrintStream progress)
      throws IOException, InterruptedException {
    Path script = Files.createTempFile("headrace-", ".py");
    try {
      try (InputStream in = PythonReference.class.getResourceAsStream(name)) {
        if (in == null) {
          throw new IOException(name + " is not on the class path");
        }
        Files.copy(in, script, StandardCopyOption.REPLACE_EXISTING);
      }
      Process process =
          new ProcessBuilder(python, script.toString())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      try (Writer out = process.outputWriter()) {
        out.write(task.replace("\n", " ") + "\n");
      }
      String last = "";
      try (BufferedReader lines = process.inputReader()) {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          last = line;
          progress.println("pytorch " + line);
        }
      }
      int code = process.waitFor();
      if (code != 0) {
        progress.println("pytorch ended with " + code + " (expected: 0); its figures are partial");
      }
      return figures(last);
    } finally {
      Files.deleteIfExists(script);
    }
  }

  private static String task(int[][] shapes, int tokens, List<List<TokenizedText>> mixed) {
    String lengths =
        mixed.stream()
            .map(b -> b.stream().map(TokenizedText::tokens).toList().toString())
            .collect(Collectors.joining(", "));
    return ("{\"shapes\": %s, \"compiled\": [[256, 128]], \"latency_tokens\": %d,"
            + " \"mixed\": [%s]}")
        .formatted(Arrays.deepToString(shapes), tokens, lengths);
  }

  static Map<String, Double> figures(String json) {
    Map<String, Double> figures = new TreeMap<>();
    Matcher figure = FIGURE.matcher(json);
    while (figure.find()) {
      figures.put(figure.group(1), Double.valueOf(figure.group(2)));
    }
    return figures;
  }
}
