package dev.headrace.worker.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a trial lets through must not panic over other texts. */
@Timeout(180)
class TokenizerFuzzIT {
  private static final int DAMAGED = 250;

  @ParameterizedTest
  @ValueSource(strings = {"xlm-roberta", "modernbert"})
  void damaged_files_end_the_process_in_the_trial_or_not_at_all(String model) throws Exception {
    URL file = getClass().getResource("/reference/" + model + "/tokenizer.json");
    List<String> deaths = new ArrayList<>();
    for (int from = 0; from < DAMAGED; ) {
      String last = probe(Path.of(file.toURI()), from);
      if (last.equals("done")) {
        break;
      }
      deaths.add(last);
      from = Integer.parseInt(last.substring(last.indexOf(' ') + 1)) + 1;
    }
    assertThat(deaths).isNotEmpty().allMatch(death -> death.startsWith("trial "));
  }

  /** The last thing that a probe said before its end. */
  private static String probe(Path file, int from) throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx256m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1", // as the trial's own process
            TokenizerFuzzProbe.class.getName(),
            file.toString(),
            Integer.toString(from),
            Integer.toString(DAMAGED));
    builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
    Path output = Files.createTempFile("probe", ".txt");
    Process process =
        builder
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .redirectOutput(output.toFile())
            .start();
    try {
      process.waitFor();
      List<String> lines = Files.readAllLines(output);
      return lines.get(lines.size() - 1);
    } finally {
      process.destroyForcibly();
      Files.delete(output);
    }
  }
}
