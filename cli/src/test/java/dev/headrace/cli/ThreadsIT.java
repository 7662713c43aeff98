package dev.headrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headrace.cli.stack.LocalStack;
import dev.headrace.sdk.HeadraceClient;
import dev.headrace.sdk.Request;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ThreadsIT {
  private static final Path ARCHITECTURE = Path.of("../ARCHITECTURE.md");
  private static final Pattern ROW =
      Pattern.compile("(?m)^\\| `([^`]+)` \\| (router|worker|client|all) ");
  private static final Pattern OURS =
      Pattern.compile(
          "(router|worker|prepare|deliver|loader|engine|headrace)-.*|kafka-producer-first-sends.*");

  @Test
  void the_table_of_threads_names_what_runs() throws Exception {
    Set<String> listed = listed();
    Set<String> seen = new TreeSet<>();
    try (LocalStack stack = LocalStack.start(Map.of());
        HeadraceClient client = stack.client("threads")) {
      assertThat(client.submit(Request.embed("all-minilm-l6-v2", "water")).get().isOk()).isTrue();
      for (Thread thread : Thread.getAllStackTraces().keySet()) {
        if (OURS.matcher(thread.getName()).matches()) {
          seen.add(general(thread.getName()));
        }
      }
    }
    // Ends when idle, so it may be gone.
    listed.remove("kafka-producer-first-sends");
    seen.remove("kafka-producer-first-sends");
    // The stack's engines have one thread and one device each.
    listed.remove("engine-<device type>-helper");
    listed.remove("engine-<device type>-<device>");
    assertThat(seen).isEqualTo(listed);
  }

  private static String general(String name) {
    return name.replaceAll("cpu-(int8|fp32)", "<device type>").replaceAll(" \\|.*", "");
  }

  private static Set<String> listed() throws IOException {
    Matcher rows = ROW.matcher(Files.readString(ARCHITECTURE));
    return rows.results().map(r -> r.group(1)).collect(Collectors.toCollection(TreeSet::new));
  }
}
