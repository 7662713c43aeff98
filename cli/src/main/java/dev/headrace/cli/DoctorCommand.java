package dev.headrace.cli;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.headrace.worker.engine.GpuDiagnosis;
import dev.headrace.worker.engine.GpuDiagnosis.Check;
import dev.headrace.worker.engine.GpuDiagnosis.Verdict;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code headrace doctor}. */
@Command(
    name = "doctor",
    description = "Check whether models can run on this machine's GPUs, and say how to mend it.",
    mixinStandardHelpOptions = true)
final class DoctorCommand implements Callable<Integer> {
  private static final JsonMapper MAPPER = new JsonMapper();

  @Option(names = "--json", description = "Print one JSON object as the last line.")
  boolean json;

  @Override
  public Integer call() throws Exception {
    List<Check> checks = GpuDiagnosis.run();
    boolean failed = checks.stream().anyMatch(c -> c.verdict() == Verdict.FAILED);
    System.out.println(json ? json(checks) : table(checks));
    return failed ? Main.FAILED : 0;
  }

  static String table(List<Check> checks) {
    StringBuilder text = new StringBuilder();
    for (Check check : checks) {
      text.append(
          String.format(
              Locale.ROOT, "%-8s %-14s %s%n", check.verdict(), check.name(), check.finding()));
      if (!check.remedy().isEmpty()) {
        text.append(String.format(Locale.ROOT, "%-8s %-14s -> %s%n", "", "", check.remedy()));
      }
    }
    return text.toString().stripTrailing();
  }

  /** {@code {"checks":[{"name","verdict","finding","remedy"}]}}. */
  static String json(List<Check> checks) throws Exception {
    ObjectNode root = MAPPER.createObjectNode();
    ArrayNode all = root.putArray("checks");
    for (Check check : checks) {
      all.addObject()
          .put("name", check.name())
          .put("verdict", check.verdict().name().toLowerCase(Locale.ROOT))
          .put("finding", check.finding())
          .put("remedy", check.remedy());
    }
    return MAPPER.writeValueAsString(root);
  }
}
