package dev.headrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class UsageTest {
  @TempDir Path folder;

  /** Runs a command line in this JVM. */
  private record Run(int code, String err) {
    static Run of(String... arguments) {
      java.io.StringWriter err = new java.io.StringWriter();
      CommandLine commandLine = Main.commandLine().setErr(new java.io.PrintWriter(err));
      return new Run(commandLine.execute(arguments), err.toString());
    }
  }

  @Test
  void a_missing_command_is_wrong_usage() {
    Run run = Run.of();
    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err()).contains("command: missing").contains("demo");
  }

  @Test
  void wrong_usage_is_told_in_a_few_lines_with_the_way_to_the_help() {
    for (Run run :
        List.of(
            Run.of("submit", "embed"),
            Run.of("submit", "embed", "--text", "x", "--tier", "gold"),
            Run.of("batch", "nosuch.jsonl", "--output", "o", "--errors", "e"),
            Run.of("resultt"))) {
      assertThat(run.code()).isEqualTo(2);
      assertThat(run.err()).startsWith("headrace: ").contains("--help' says what there is");
      assertThat(run.err().lines()).hasSizeLessThan(5);
    }
    assertThat(Run.of("submit", "embed").err())
        .contains("Missing required option: '--text=<texts>'")
        .contains("'headrace submit embed --help'");
    assertThat(Run.of("resultt").err()).contains("Did you mean: headrace result");
  }

  @Test
  void values_out_of_range_are_named_with_what_was_expected() {
    Run run = Run.of("demo", "--requests", "0");
    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err()).contains("--requests: 0 (expected: 1..1000000)");
    assertThat(Run.of("demo", "--rate", "-1").err()).contains("--rate: -1.0 (expected: 0..100000)");
    Run tier = Run.of("submit", "embed", "--text", "x", "--tier", "gold");
    assertThat(tier.code()).isEqualTo(2);
    assertThat(tier.err()).contains("--tier: gold (expected: one of economy, standard, premium)");
    Run deadline = Run.of("submit", "embed", "--text", "x", "--deadline", "soon");
    assertThat(deadline.err()).contains("--deadline: soon (expected: a span such as");
  }

  @Test
  void terms_that_do_not_exist_are_named_with_those_that_do() {
    for (String command : List.of("submit", "estimate")) {
      Run admission = Run.of(command, "embed", "--text", "x", "--admission", "maybe");
      assertThat(admission.code()).isEqualTo(2);
      assertThat(admission.err())
          .contains("--admission: maybe (expected: one of best-effort, reject, late)");
      assertThat(Run.of(command, "chat", "--message", "x", "--min-precision", "fp64").err())
          .contains("--min-precision: fp64 (expected: one of int4, int8, fp8, bf16, fp16, fp32)");
      assertThat(Run.of(command, "generate", "--prompt", "x", "--cache", "no").err())
          .contains("--cache: no (expected: one of use, bypass)");
      assertThat(Run.of(command, "embed", "--text", "x", "--tenant", "a b").err())
          .contains("--tenant: a b (expected: ");
    }
    Run batch = Run.of("batch", "in", "--output", "o", "--errors", "e", "--admission", "never");
    assertThat(batch.code()).isEqualTo(2);
    assertThat(batch.err()).contains("--admission: never (expected: one of best-effort,");
    Run task = Run.of("estimate");
    assertThat(task.code()).isEqualTo(2);
    assertThat(task.err()).contains("task: missing (expected: one of").contains("embed");
  }

  @Test
  void a_misspelt_setting_is_an_error_with_a_suggestion() throws Exception {
    Path config = folder.resolve("worker.properties");
    Files.writeString(config, "worker.batch.max-row = 3\nworker.precision = fp17\n");
    Run run = Run.of("worker", "--config", config.toString());
    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err())
        .contains("worker.batch.max-row: unknown setting (expected: perhaps worker.batch.max-rows")
        .contains("worker.precision: fp17 (expected: one of fp32, fp16, bf16, int8");
  }

  @Test
  void what_is_wrong_with_the_settings_of_up_is_told_before_anything_starts() throws Exception {
    Path fleet = folder.resolve("fleet.json");
    Files.writeString(
        fleet,
        "{\"lanes\":{\"t4\":{\"usd_per_hour\":1,\"startup_seconds\":9,"
            + "\"models\":{\"m\":{\"fixed_second\":1}}}}}");
    Run run = Run.of("up", "--set", "router.lane.windw=1s", "--set", "router.fleet-file=" + fleet);
    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err())
        .contains("router.lane.windw: unknown setting (expected: perhaps router.lane.window")
        .contains("lanes.t4.models.m.fixed_second: unknown (expected: one of [batch_rows,");
  }

  @Test
  void a_config_file_that_is_not_there_is_named() {
    Run run = Run.of("router", "--config", "/nowhere/router.properties");
    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err()).contains("--config: /nowhere/router.properties (expected: a readable");
  }
}
