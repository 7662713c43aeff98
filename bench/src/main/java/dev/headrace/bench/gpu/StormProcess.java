package dev.headrace.bench.gpu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The storm in a process of its own, which sees one GPU: its pauses are not those of what is
 * measured meanwhile, and should it die, the others go on and its status tells.
 */
final class StormProcess implements AutoCloseable {
  static final StormProcess NONE = new StormProcess(null, null);

  /** What hides GPUs from a process. */
  private static final String VISIBLE = "CUDA_VISIBLE_DEVICES";

  private final @Nullable Process process;
  private final @Nullable Path output;

  private StormProcess(@Nullable Process process, @Nullable Path output) {
    this.process = process;
    this.output = output;
  }

  /**
   * Starts it.
   *
   * @param gpu of those that this process sees
   */
  static StormProcess start(int gpu, double seconds, Map<String, String> settings)
      throws IOException {
    List<String> arguments = new ArrayList<>();
    arguments.addAll(List.of("bench", "gpu", "--json", "--parts", "storm"));
    arguments.addAll(List.of("--storm-seconds", String.format(Locale.ROOT, "%.0f", seconds)));
    settings.forEach((key, value) -> arguments.addAll(List.of("--set", key + "=" + value)));
    Path output = Files.createTempFile("headrace-storm-", ".json");
    ProcessBuilder builder =
        HeadraceProcess.of("4g", arguments)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .redirectOutput(output.toFile());
    builder.environment().put(VISIBLE, visible(System.getenv(VISIBLE), gpu));
    return new StormProcess(builder.start(), output);
  }

  /** The name of a GPU of those that are visible. */
  static String visible(@Nullable String all, int gpu) {
    return all == null || all.isBlank()
        ? Integer.toString(gpu)
        : List.of(all.split(",", -1)).get(gpu).strip();
  }

  /** Waits for its end; its figures, and the status that it ended with. Nothing if none runs. */
  Map<String, Double> figures() throws IOException, InterruptedException {
    Map<String, Double> figures = new TreeMap<>();
    if (process != null && output != null) {
      figures.put("storm_exit_status", (double) process.waitFor());
      List<String> lines = Files.readAllLines(output);
      if (!lines.isEmpty()) {
        figures.putAll(PythonReference.figures(lines.get(lines.size() - 1)));
        figures.keySet().removeIf(key -> !key.startsWith("storm_"));
      }
    }
    return figures;
  }

  @Override
  public void close() throws IOException {
    if (process != null && output != null) {
      process.destroyForcibly();
      Files.deleteIfExists(output);
    }
  }
}
